"""Search at ten thousand products: is the right book among the first three though a letter is wrong, and how soon?

python -m bench --only search

The whole shop runs: the books are imported, the worker makes the index from their events, the edge answers. Each round
asks other queries, one after the other in this process and over HTTP (one connection), then eight at a time over HTTP.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import Struct

from bench.misspelt import BOOKS, Misspelt, books, queries
from bench.parts import Place, answering, appearing, running
from tradewind.app.bench.driving import percentile
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.importing.feeds.load import load, open_goodbooks
from tradewind.app.settings import Settings
from tradewind.app.told import READY_FILE
from tradewind.app.wiring import Shop, migrate_shop, open_shop
from tradewind.kernel.errors import Unavailable
from tradewind.ports.search import ProductIndex, Question

LOOPBACK: Final = "127.0.0.1"
FIRST: Final = 3
AT_ONCE: Final = 8
LOOK_S: Final = 0.02
SEARCHABLE_WITHIN_S: Final = 120.0
RIGHT_AIM: Final = 95.0
P95_AIM_MS: Final = 20.0
NOTES: Final = (
    "A query is the title up to the first parenthesis and the first author's surname, with one typo (a letter more, "
    "missing, wrong, or two swapped) in one word of four letters or more; made by chance from a seed.",
    "Every search counts its facets too, and brings a page of 20.",
)

Say = Callable[[str], None]
Ask = Callable[[str], Awaitable[Sequence[str]]]


class Asked(Struct, frozen=True):
    """What one round of queries showed: how many were right, and how long each took, sorted."""

    right: int
    waited_ms: Sequence[float]


async def measure(
    settings: Settings, found: Engines, say: Say, *, file: Path = BOOKS, count: int = 200, rounds: int = 3
) -> tuple[list[Goal], list[Figure]]:
    """Import, ask, and say what came of it."""
    products = books(file)
    async with own_database(found) as shops:
        await migrate_shop(shops.database_url)
        place = Place(settings, shops, free_port(LOOPBACK))
        ready = settings.home / "run" / f"bench-ready-{place.port}"
        async with (
            running(["tradewind.app.edge"], place.environment()),
            running(["tradewind.app.worker"], place.environment(**{READY_FILE: str(ready)})),
            open_shop(settings, shops) as shop,
        ):
            await answering(f"http://{LOOPBACK}:{place.port}/health/ready")
            await appearing(ready)
            imported_s, behind_s = await imported(shop, file, len(products))
            say(f"  {len(products):,} imported in {imported_s:.1f} s, all found {behind_s:.1f} s after that")
            inside, over, crowd = await _played(
                shop, place.port, [queries(products, count, seed) for seed in range(rounds)], say
            )
    return _findings(inside, over, crowd, count, imported_s, behind_s)


async def imported(shop: Shop, file: Path, count: int) -> tuple[float, float]:
    """Seconds of the import, and from its end until the index holds all."""
    began = perf_counter()
    await load(shop, open_goodbooks(file), lambda *_: None)
    ended = perf_counter()
    index: Any = shop.db.peers[ProductIndex]
    async with asyncio.timeout(SEARCHABLE_WITHIN_S):
        while await _total(index) < count:  # noqa: ASYNC110 -- another process
            await asyncio.sleep(LOOK_S)
    return ended - began, perf_counter() - ended


async def _total(index: ProductIndex) -> int:
    try:
        return (await index.search(Question(limit=1))).total
    except Unavailable:
        return 0


async def _played(
    shop: Shop, port: int, rounds: Sequence[Sequence[Misspelt]], say: Say
) -> tuple[list[Asked], list[Asked], list[Asked]]:
    index: Any = shop.db.peers[ProductIndex]
    inside, over, crowd = list[Asked](), list[Asked](), list[Asked]()
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(f"http://{LOOPBACK}:{port}", connector=connector) as client:

        async def in_process(text: str) -> Sequence[str]:
            return [item.sku for item in (await index.search(Question(text=text))).items]

        async def over_http(text: str) -> Sequence[str]:
            async with client.get("/api/v1/products/search", params={"q": text}) as response:
                return [item["sku"] for item in msgspec.json.decode(await response.read())["items"]]

        for number, wanted in enumerate(rounds, 1):
            for ask, at_once, into in ((in_process, 1, inside), (over_http, 1, over), (over_http, AT_ONCE, crowd)):
                into.append(await _asked(wanted, ask, at_once))
            say(
                f"  round {number}: {inside[-1].right} of {len(wanted)} right; "
                f"p95 {_at(inside[-1], 0.95):.1f} ms in process, "
                f"{_at(over[-1], 0.95):.1f} ms over HTTP, {_at(crowd[-1], 0.95):.1f} ms with {AT_ONCE} at once"
            )
    return inside, over, crowd


async def _asked(wanted: Sequence[Misspelt], ask: Ask, at_once: int) -> Asked:
    waited_ms, right, left = list[float](), 0, list(wanted)

    async def one_after_the_other() -> None:
        nonlocal right
        while left:
            query = left.pop()
            began = perf_counter()
            skus = await ask(query.text)
            waited_ms.append((perf_counter() - began) * 1000)
            right += query.sku in skus[:FIRST]

    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return Asked(right, sorted(waited_ms))


def _at(asked: Asked, part: float) -> float:
    return percentile(asked.waited_ms, part)


def _findings(
    inside: Sequence[Asked],
    over: Sequence[Asked],
    crowd: Sequence[Asked],
    count: int,
    imported_s: float,
    behind_s: float,
) -> tuple[list[Goal], list[Figure]]:
    def middle(rounds: Sequence[Asked], part: float) -> float:
        return float(median(_at(one, part) for one in rounds))

    right = 100.0 * sum(one.right for one in over) / (count * len(over))
    goals = [
        Goal(
            what=f"search: right book in the first {FIRST}, one typo",
            aim=RIGHT_AIM,
            measured=right,
            unit="%",
            at_least=True,
        ),
        Goal(what="search p95, in process", aim=P95_AIM_MS, measured=middle(inside, 0.95), unit="ms"),
        Goal(what="search p95, over HTTP", aim=P95_AIM_MS, measured=middle(over, 0.95), unit="ms"),
    ]
    figures = [
        Figure(what="search p50, in process", measured=middle(inside, 0.5), unit="ms"),
        Figure(what="search p50, over HTTP", measured=middle(over, 0.5), unit="ms"),
        Figure(what=f"search p95, over HTTP, {AT_ONCE} at once", measured=middle(crowd, 0.95), unit="ms"),
        Figure(what="import of the books", measured=imported_s, unit="s"),
        Figure(what="from the import's end until all can be found", measured=behind_s, unit="s"),
    ]
    return goals, figures
