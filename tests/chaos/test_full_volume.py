"""R18: the volume of the home is full, database, ledger, log and all; what is refused is 503, and nothing is lost.

Whoever makes room has nothing else to do.
"""

import asyncio
import errno
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Final

import aiohttp
import pytest

from tests.chaos.engines.visitors import OUTAGE_S
from tests.chaos.served import READY_WITHIN_S, Crowd, Served, crowded, judge_at
from tradewind.app.engines import engines
from tradewind.app.settings import Settings

SIZE: Final = "size=512m"
CHUNK: Final = b"\0" * 65_536
AGAIN_S: Final = 0.1
"""Between two looks whether anything has become free."""
LOAD: Final = 30
"""Orders accepted before and after."""
FULL: Final = '503 {"type":"/problems/database-full"'
COUNTED: Final = "database_full_total"


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A small one of its own, which only root can have."""
    folder = tmp_path / "volume"
    folder.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", f"{SIZE},mode=755", "tmpfs", str(folder)]
    mounted = subprocess.run(argv, capture_output=True, text=True, check=False) if os.geteuid() == 0 else None
    if mounted is None or mounted.returncode:
        pytest.skip(f"no volume can be mounted here: {mounted.stderr.strip() if mounted else 'this is not root'}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@asynccontextmanager
async def filled(volume: Path) -> AsyncIterator[None]:
    """Nothing is free there; what becomes free is taken at once."""
    ballast = volume / "ballast"

    async def fill() -> None:
        with ballast.open("ab", buffering=0) as file:
            while True:
                try:
                    file.write(CHUNK)
                except OSError as full:
                    assert full.errno == errno.ENOSPC  # noqa: PT017 -- whatever else it is is no full volume
                    await asyncio.sleep(AGAIN_S)

    filling = asyncio.create_task(fill())
    try:
        yield
    finally:
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)
        ballast.unlink()


def troubles(crowd: Crowd) -> list[str]:
    """What buyers were told in place of an order."""
    return [error for wish in crowd.wishes for error in wish.errors]


async def refused(crowd: Crowd) -> None:
    """Wait until somebody is told that there is no room."""
    async with asyncio.timeout(READY_WITHIN_S):
        while not any(FULL in error for error in troubles(crowd)):  # noqa: ASYNC110 -- the shop rings no bell
            await asyncio.sleep(AGAIN_S)


def clog(served: Served) -> None:
    """Not even another line goes into its log: what died cannot be told of, and is started again all the same."""
    with suppress(OSError), served.home.with_suffix(".log").open("ab", buffering=0) as log:
        while True:
            log.write(b"\n" * 512)


async def counted(served: Served) -> bool:
    """Whether /metrics tells of it."""
    async with aiohttp.ClientSession() as http, http.get(f"{served.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return any(line.startswith(COUNTED) and float(line.split()[-1]) > 0 for line in lines)


@pytest.mark.timeout(1_800)
async def test_a_full_volume_refuses_orders_loses_none_and_all_goes_on_once_there_is_room(volume: Path) -> None:
    served = Served(volume / "home", more={"TRADEWIND_SAGA_LEASE_S": "10"})
    served.start()
    try:
        async with crowded(served) as crowd:
            await crowd.accepts(LOAD)
            async with filled(volume):
                await refused(crowd)
                clog(served)
                before = len(crowd.accepted)
                await asyncio.sleep(OUTAGE_S)
                meanwhile = len(crowd.accepted) - before
            began = monotonic()
            await crowd.accepts(LOAD)
            well_s = monotonic() - began
            assert await counted(served)
        async with engines(Settings(home=served.home)) as found:
            outcome = await judge_at(found, crowd, settle_s=READY_WITHIN_S)
        assert await served.stop() == 0
    finally:
        if served.process and served.process.poll() is None:
            await served.kill()
    said = troubles(crowd)
    print(f"\nfull for {OUTAGE_S:.0f} s: {outcome.accepted} orders accepted, {meanwhile} of them meanwhile")
    print(f"{len(said)} refusals; {LOAD} more orders {well_s:.1f} s after there was room; {outcome.violations}")
    assert outcome.violations == []
    assert [one for one in said if not one.startswith("503 ")] == [], "nobody finds the door closed"
