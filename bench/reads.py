"""What reading costs: a product from its cache and from the database, a list with facets, search; beside the limit.

python -m bench --only reads

The whole shop runs, with the books in it. The limit is a route of the same server that says the same few words to
everybody. In a round all are asked one after the other, by a process of its own on 32 connections.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import quote

import msgspec

from bench.asking import Errand
from bench.kept import staleness
from bench.misspelt import BOOKS, books, queries
from bench.parts import Meter, Place, answering, appearing, running
from bench.search import imported
from bench.static_edge import PATH as STATIC
from bench.visiting import READ, visits
from bench.visiting import Errand as Visit
from tradewind.app.bench.driving import Run
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.bench.rounds import Measure, Rounds
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.told import READY_FILE
from tradewind.app.wiring import migrate_shop, open_shop

LOOPBACK: Final = "127.0.0.1"
LIMIT: Final = "static JSON route"
CACHED, UNCACHED = "product detail, cached", "product detail, from the database"
LISTED, SEARCHED = "list of 20 with facets", "search, one typo"
CACHED_AIM: Final = 0.7
P95_AIM_MS: Final = 50.0
PRODUCTS: Final = 200
"""Products that are read in turn, and searches that are asked in turn."""
SHARE: Final[Mapping[str, float]] = {LIMIT: 1.0, CACHED: 1.0, UNCACHED: 0.2, LISTED: 0.05, SEARCHED: 0.05}
"""So much of the reads asked for is asked of each: what takes longer is asked less often."""
SOME: Final = "SELECT id, sku FROM catalog.products WHERE status = 'ACTIVE' ORDER BY id LIMIT $1"
NOTES: Final = (
    "Every ratio is the median of the rounds' own ratios. The load generator shares the cores with the server.",
    "The ratio by the edge's CPU does not depend on what else the machine is doing.",
    "One edge process answers. Rate limits are off; with them each answer is counted twice and says what is left.",
)

Say = Callable[[str], None]


async def measure(
    settings: Settings,
    found: Engines,
    say: Say,
    *,
    file: Path = BOOKS,
    reads: int = 20_000,
    rounds: int = 3,
    seconds: float = 3.0,
) -> tuple[list[Goal], list[Figure]]:
    """Import, ask, and say what came of it."""
    async with own_database(found) as shops:
        await migrate_shop(shops.database_url)
        place = Place(settings, shops, free_port(LOOPBACK))
        ready = settings.home / "run" / f"bench-ready-{place.port}"
        async with (
            running(["bench.static_edge"], place.environment()) as edge,
            running(["tradewind.app.worker"], place.environment(**{READY_FILE: str(ready)})),
            open_shop(settings, shops) as shop,
        ):
            await answering(f"http://{LOOPBACK}:{place.port}/health/ready")
            await appearing(ready)
            products = books(file)
            await imported(shop, file, len(products))
            say(f"{len(products):,} products:")
            typed = [one.text for one in queries(products, PRODUCTS, 1)]
            played = Rounds()
            meter = Meter(settings, {"edge": edge.pid})
            rows: Any = await shop.db.pool.fetch(SOME, PRODUCTS)
            paths = _paths(rows, typed)
            contestants = _contestants(place.port, paths, reads, meter, used := _Used())
            for ask in contestants.values():
                await ask(-1)
            await played.play(rounds, contestants, say)
            goals, figures = _findings(played, used)
            goals += [
                await _at_half(place.port, name, paths[name], played, rounds, seconds, say)
                for name in paths
                if name != LIMIT
            ]
            half = median(played.per_second(CACHED)) / 2
            figures += await staleness(shop, place.port, [row["id"] for row in rows], half / 2)
    return goals, figures


async def _at_half(
    port: int, name: str, paths: Sequence[str], played: Rounds, rounds: int, seconds: float, say: Say
) -> Goal:
    """Half the rate at which the shop is busy all the time is offered, at moments that wait for no answer."""
    rate = median(played.per_second(name)) / 2
    errand = Visit(port=port, what=READ, paths=paths, count=max(100, int(rate * seconds)), rate=rate)
    p95_ms = median([(await visits(errand)).steps[READ].p95_ms for _ in range(rounds)])
    say(f"  {name}, at {rate:,.0f}/s: p95 {p95_ms:.1f} ms")
    return Goal(what=f"p95 at half: {name}", aim=P95_AIM_MS, measured=p95_ms, unit="ms")


def _paths(rows: Any, typed: Sequence[str]) -> dict[str, list[str]]:
    return {
        LIMIT: [STATIC],
        CACHED: [f"/api/v1/products/{row['id']}" for row in rows],
        UNCACHED: [f"/api/v1/products/by-sku/{row['sku']}" for row in rows],
        LISTED: ["/api/v1/products/search?limit=20"],
        SEARCHED: [f"/api/v1/products/search?limit=20&q={quote(text)}" for text in typed],
    }


class _Used:
    """CPU microseconds of the edge for one read, by contestant, in each round."""

    def __init__(self) -> None:
        self.us: dict[str, list[float]] = {}

    def ratio(self, name: str) -> float:
        """How much more often the server could answer the limit than `name`, by what it computes for each."""
        return median(limit / mine for limit, mine in zip(self.us[LIMIT], self.us[name], strict=True))


def _contestants(
    port: int, paths: Mapping[str, list[str]], reads: int, meter: Meter, used: _Used
) -> dict[str, Measure]:
    def errand(name: str) -> Errand:
        return Errand(port=port, paths=paths[name], count=max(200, int(reads * SHARE[name])))

    async def measured(name: str, number: int) -> Run:
        before = meter.read()["edge"]
        run = await _run(errand(name))
        if number >= 0:
            used.us.setdefault(name, []).append((meter.read()["edge"] - before) / errand(name).count)
        return run

    return {name: partial(measured, name) for name in paths}


async def _run(errand: Errand) -> Run:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.asking", stdin=pipe, stdout=pipe)
    out, _ = await process.communicate(msgspec.json.encode(errand))
    if process.returncode:
        raise RuntimeError("a read failed")
    return msgspec.json.decode(out, type=Run)


def _findings(played: Rounds, used: _Used) -> tuple[list[Goal], list[Figure]]:
    aim = Goal(
        what=f"{CACHED}, to the {LIMIT}", aim=CACHED_AIM, measured=played.ratio(CACHED, LIMIT), unit="x", at_least=True
    )
    figures = [Figure(what=f"{CACHED}, to the {LIMIT}, by the edge's CPU", measured=100 * used.ratio(CACHED), unit="%")]
    for name in played.runs:
        figures.append(Figure(what=name, measured=median(played.per_second(name)), unit="reads/s"))
        figures.append(Figure(what=f"{name}, the edge's CPU", measured=median(used.us[name]), unit="us"))
        figures.append(Figure(what=f"{name}, p95", measured=played.table()[name].p95_ms, unit="ms"))
        if name not in (LIMIT, CACHED):
            figures.append(Figure(what=f"{name}, to the {LIMIT}", measured=100 * played.ratio(name, LIMIT), unit="%"))
    return [aim], figures
