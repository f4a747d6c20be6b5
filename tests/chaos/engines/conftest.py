"""A scene for outages of one engine, and the table of all of them at the end of the run."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from tests.chaos.engines.outages import ROW, WITHIN_S, Scene, until
from tests.chaos.engines.visitors import LOOKS, ORDERS, OUTAGE_S, Visitors
from tests.chaos.served import Served, judge_at, shopping_with
from tradewind.app.engines import Engines

TITLE: Final = (
    "outages of {:.0f} s: asked/failed/p95 in ms of each kind of question, and seconds until all was well again"
)
OpenScene = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def open_scene(own_engines: Engines, tmp_path: Path, request: pytest.FixtureRequest) -> OpenScene:
    """`open_scene(engine, **settings)`: a shop with these settings and its visitors.

    When it is left, every order that was accepted is there and has ended, and the auditor finds nothing.
    """

    @asynccontextmanager
    async def opened(engine: str, **settings: str) -> AsyncIterator[Scene]:
        more = {
            "TRADEWIND_DATABASE_URL": own_engines.database_url,
            "TRADEWIND_PROVIDER_URL": own_engines.provider_url,
            **{f"TRADEWIND_{name.upper()}": value for name, value in settings.items()},
        }
        served = Served(tmp_path / "home", more=more)
        served.start()
        try:
            crowd = Visitors(served.url)
            async with aiohttp.ClientSession() as http, _at_work(http, served), shopping_with(crowd):
                scene = Scene(engine, served, own_engines, crowd, http, request)
                await scene.calm()
                yield scene
            scene.note()
            outcome = await judge_at(own_engines, crowd, settle_s=WITHIN_S)
            assert outcome.violations == []
            await scene.settled()
            assert await served.stop() == 0
        finally:
            if served.process and served.process.poll() is None:
                await served.kill()

    return opened


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
    if rows:
        terminalreporter.section(TITLE.format(OUTAGE_S), sep="-")
        heads = ["engine", "outage", ORDERS, *LOOKS, "well after s"]
        for row in [heads, *rows]:
            terminalreporter.line(f"{row[0]:<12}{row[1]:<22}" + "".join(f"{one:>15}" for one in row[2:]))
