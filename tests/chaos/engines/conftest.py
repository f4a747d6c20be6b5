"""A scene for outages of one engine, and the table of all of them at the end of the run."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg
import pytest

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.chaos.engines.outages import ROW, WITHIN_S, Scene, until
from tests.chaos.engines.visitors import LOOKS, ORDERS, OUTAGE_S, Visitors
from tests.chaos.served import Served, judge_at, shopping_with
from tests.clusters import running
from tests.evidence import evidence
from tradewind.app.engines import Engines

FATES: Final = "outages of {:.0f} s, and what became of the orders that were accepted meanwhile"
FATE: Final = ("engine", "outage", "away s", "orders", "lost", "degraded, says", "caught up after s", "audit")
ANSWERS: Final = "asked/failed/p95 in ms of each kind of question"
OpenScene = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def open_scene(own_engines: Engines, tmp_path: Path, request: pytest.FixtureRequest) -> OpenScene:
    """`open_scene(engine, **settings)`: a shop with these settings, a provider of its own, and its visitors.

    When it is left, every order that was accepted is there and has ended, and the auditor finds nothing.
    """

    @asynccontextmanager
    async def opened(engine: str, **settings: str) -> AsyncIterator[Scene]:
        async with running(ProviderProcess(tmp_path)) as provider:
            async with _scene(engine, replace(own_engines, provider_url=provider.url), settings) as scene:
                yield scene

    @asynccontextmanager
    async def _scene(engine: str, found: Engines, settings: Mapping[str, str]) -> AsyncIterator[Scene]:
        more = {
            "TRADEWIND_DATABASE_URL": found.database_url,
            "TRADEWIND_PROVIDER_URL": found.provider_url,
            "TRADEWIND_SAGA_LEASE_S": "10",
            **{f"TRADEWIND_{name.upper()}": value for name, value in settings.items()},
        }
        served = Served(tmp_path / "home", more=more)
        served.start()
        try:
            crowd = Visitors(served.url)
            async with aiohttp.ClientSession() as http, _at_work(http, served), shopping_with(crowd):
                scene = Scene(engine, served, found, crowd, http, request)
                await scene.calm()
                yield scene
            outcome = await judge_at(found, crowd, settle_s=WITHIN_S)
            await scene.note(outcome.violations)
            assert outcome.violations == []
            await scene.settled()
            assert await served.stop() == 0
        except TimeoutError as late:
            late.add_note("\n".join([*await _seen(found), *served.said()]))
            raise
        finally:
            if served.process and served.process.poll() is None:
                await served.kill()

    return opened


async def _seen(found: Engines) -> list[str]:
    """What the shop's database knows of who waits for what; `(kafka)` among those who are behind is the publisher."""
    async with asyncpg.create_pool(found.database_url, min_size=0, max_size=1) as pool:
        return await evidence(pool)


@asynccontextmanager
async def _at_work(http: aiohttp.ClientSession, served: Served) -> AsyncIterator[None]:
    """Edge and worker: the index that search asks has been made by the worker."""

    async def searches() -> bool:
        async with http.get(f"{served.url}{LOOKS['search']}") as answer:
            return answer.status == 200

    await until(searches)
    yield


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table."""
    reports = [one for found in terminalreporter.stats.values() for one in found]
    rows = [
        value.split("|")
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == ROW
    ]
    _print(terminalreporter, FATES.format(OUTAGE_S), FATE, [row[:8] for row in rows if row[2] != "-"])
    _print(terminalreporter, ANSWERS, ["engine", "outage", ORDERS, *LOOKS], [[*row[:2], *row[8:]] for row in rows])


def _print(reporter: Any, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    reporter.section(title, sep="-")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in [heads, *rows]:
        reporter.line("  ".join(one.ljust(width) for one, width in zip(row, widths, strict=True)).rstrip())
