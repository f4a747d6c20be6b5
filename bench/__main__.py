"""`make bench`: everything in one run, side by side, in a home of its own that is gone afterwards.

python -m bench [--engines] [--json] [--short] [--rounds N] [--orders N] [--only PART]

PART: contest, start, walk, reads, search, checkout, flash, sockets, webhooks, subscribers;
with --engines: log, orders, remote.
"""

import argparse
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import uvloop
from rich.console import Console

from bench import (
    behind,
    checkout,
    event_log,
    flash_sales,
    over_http,
    reads,
    remote,
    search,
    sockets,
    start,
    subscribers,
    walk,
    webhooks,
)
from tradewind.app.bench import contest, raw_limit
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Figure, Goal, Report
from tradewind.app.bench.rounds import Rounds
from tradewind.app.bench.shelves import SKUS, fill
from tradewind.app.engines import Engines, engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.runtime.telemetry import logs

Say = Callable[[str], None]
Found = tuple[list[Goal], list[Figure]]
CLIENTS: Final = 1000
"""Clients that follow flash sales."""
SOCKETS: Final = 2000
"""Sockets over which buyers follow their orders."""
NOTES: Final[Mapping[str, Sequence[str]]] = {
    "contest": (
        "Every ratio is the median of the rounds' own ratios; in a round all take part one after the other.",
        "(a) to (d) have nothing behind them: no sagas are carried meanwhile. The load generator shares the cores.",
    ),
    "start": start.NOTES,
    "walk": (
        "Saturating rate: orders posted as fast as 64 connections can, divided by the time from the first POST to the "
        "last order CONFIRMED, with edge, worker, provider and Postgres at work.",
        "Commit to subscriber is counted from when Postgres notes that the placing transaction commits.",
    ),
    "reads": reads.NOTES,
    "search": search.NOTES,
    "checkout": checkout.NOTES,
    "sockets": ("From the beginning of the transaction that told it; edge, worker and all clients share the machine.",),
    "flash": ("A sale's moment is planned half a second ahead; edge, worker and all clients share the machine.",),
    "webhooks": webhooks.NOTES,
    "subscribers": subscribers.NOTES,
}
ENGINE_NOTES: Final[Mapping[str, Sequence[str]]] = {
    "log": event_log.NOTES,
    "orders": behind.NOTES,
    "remote": remote.NOTES,
}
"""Of the parts that compare real engines with the embedded ones."""


async def measure(settings: Settings, arguments: argparse.Namespace, say: Say) -> Report:
    """All of it, or the part that was asked for."""
    notes_of = ENGINE_NOTES if arguments.engines else NOTES
    wanted = [one for one in notes_of if arguments.only in (None, one)]
    report = Report(rounds=arguments.rounds, runs={}, goals=[])
    if "walk" in wanted:
        await walk.note_commits(settings)
    async with engines(settings, say) as found:
        if "contest" in wanted:
            report = await compete(settings, found, arguments.rounds, arguments.orders, say)
        goals, figures = list(report.goals), list[Figure]()
        for name, part in (ENGINE_PARTS if arguments.engines else PARTS).items():
            if name in wanted:
                say(f"{name}:")
                more = await part(settings, found, arguments, say)
                goals += more[0]
                figures += more[1]
    notes = [note for name in wanted for note in notes_of[name]]
    return Report(rounds=arguments.rounds, runs=report.runs, goals=goals, figures=figures, notes=notes)


async def compete(settings: Settings, found: Engines, rounds: int, orders: int, say: Say) -> Report:
    """(a), (b), (c) and (d)."""
    runs, goals = {}, list[Goal]()
    async with own_database(found) as shops, own_database(found) as raws:
        await migrate_shop(shops.database_url)
        await raw_limit.set_up(raws.database_url, SKUS)
        async with open_shop(settings, shops) as shop, over_http.services(settings, shops, raws) as plans:
            await fill(shop)
            for shelf, skus in contest.SHELVES.items():
                say(f"{shelf}:")
                played = Rounds()
                inside = contest.in_process(shop, raws.database_url, skus, orders)
                await played.play(rounds, {**inside, **over_http.over_http(plans, skus, orders)}, say)
                runs[shelf] = played.table()
                goals += [*contest.in_process_goals(shelf, played), over_http.over_http_goal(shelf, played)]
    return Report(rounds=rounds, runs=runs, goals=goals)


@asynccontextmanager
async def full_shelves(settings: Settings, found: Engines) -> AsyncIterator[Engines]:
    """A database of a shop with plenty of everything."""
    async with own_database(found) as shops:
        await migrate_shop(shops.database_url)
        async with open_shop(settings, shops) as shop:
            await fill(shop)
        yield shops


async def whole(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """The whole shop: how much it carries, and how long an order takes at half of that."""
    async with full_shelves(settings, found) as shops:
        saturating = await walk.saturating_rate(settings, shops, arguments.rounds, arguments.orders, say)
        at_half, at_200 = list[walk.Walk](), list[walk.Walk]()
        for number in range(arguments.rounds):
            for rate, walks in ((saturating / 2, at_half), (walk.LOG_RATE, at_200)):
                one = await walk.walk(settings, shops, rate, arguments.seconds, number)
                walks.append(one)
                say(f"  round {number + 1}, at {rate:,.0f}/s: POST p95 {one.post_ms[1]:.0f} ms, "
                    f"CONFIRMED p95 {one.confirmed_ms[1]:.0f} ms, heard p99 {one.heard_ms[1]:.0f} ms")  # fmt: skip
    return walk.findings(saturating, at_half, at_200)


async def begin(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """From the command to a shop that serves."""
    return await start.measure(settings.home, say)


async def shop_for(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """Cart add, quote, and a guest's whole checkout."""
    count, seconds = arguments.orders // 4, arguments.seconds / 2
    async with full_shelves(settings, found) as shops:
        return await checkout.measure(settings, shops, say, count=count, seconds=seconds, rounds=arguments.rounds)


async def read(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """Product detail, list and search beside the static route."""
    count, seconds = arguments.orders * 5, arguments.seconds / 5
    return await reads.measure(settings, found, say, reads=count, rounds=arguments.rounds, seconds=seconds)


async def find(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """Is the right book found, and how soon."""
    return await search.measure(settings, found, say, rounds=arguments.rounds)


async def follow(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """A flash sale on the wires of many."""
    sales = 4 if arguments.short else 20
    return await flash_sales.measure(settings, found, CLIENTS, sales, say)


async def watch(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """Orders on the sockets of their buyers."""
    return await sockets.measure(settings, found, SOCKETS, 100 if arguments.short else 500, say)


async def deliver(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """Events on their way to a partner."""
    count, seconds = arguments.orders * 2, arguments.seconds * 2
    return await webhooks.measure(settings, found, say, seconds=seconds, count=count, rounds=arguments.rounds)


async def hear(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """What an order costs because of all who hear of it."""
    return await subscribers.measure(settings, found, say, orders=arguments.orders // 2, rounds=arguments.rounds)


async def carry(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """From the commit to the consumer."""
    return await event_log.measure(settings, found, say, seconds=arguments.seconds)


async def keep_up(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """Orders a second, and how far behind projections are."""
    return await behind.measure(settings, found, say, orders=arguments.orders // 4, seconds=arguments.seconds)


async def ask_away(settings: Settings, found: Engines, arguments: argparse.Namespace, say: Say) -> Found:
    """ReserveStock over gRPC."""
    return await remote.measure(settings, found, say, seconds=arguments.seconds)


PARTS: Final = {
    "start": begin,
    "walk": whole,
    "reads": read,
    "search": find,
    "checkout": shop_for,
    "flash": follow,
    "sockets": watch,
    "webhooks": deliver,
    "subscribers": hear,
}
ENGINE_PARTS: Final = {"log": carry, "orders": keep_up, "remote": ask_away}


def main(words: Sequence[str]) -> int:
    """Measure and print; a missed goal is a finding, not a failure."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--engines", action="store_true", help="what real engines do, beside the embedded ones")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--short", action="store_true", help="a quick look: one round, few orders")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--orders", type=int, default=4000, help="orders of each run")
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each run of the whole shop")
    parser.add_argument("--only", choices=[*NOTES, *ENGINE_NOTES], help="one part alone")
    arguments = parser.parse_args(words)
    if arguments.short:
        arguments.rounds, arguments.orders, arguments.seconds = 1, 2000, 6.0
    logs.configure("ERROR")
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="tradewind-bench-", ignore_cleanup_errors=True) as folder:
        settings = replace(Settings.from_environment(), home=Path(folder))
        report = uvloop.run(
            measure(settings, arguments, lambda line: console.print(line, markup=False, highlight=False))
        )
    if arguments.json:
        print(report.as_json())
    else:
        report.show(Console())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
