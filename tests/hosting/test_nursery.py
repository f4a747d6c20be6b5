"""Forks of one process are parts like others: children of who asked for them, each itself, alive while that one is."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.hosting.a_part import Found
from tradewind.adapters.database.privileges import die_with_parent
from tradewind.app.supervision import gone

ROOT: Final = Path(__file__).parents[2]
WITHIN_S: Final = 120.0


@dataclass
class Head:
    """A running head, and the files of what its parts found."""

    process: asyncio.subprocess.Process
    folder: Path
    nursery: int
    said: list[str]

    async def says(self, line: str) -> None:
        """Wait until it has said this."""
        assert self.process.stdout
        async with asyncio.timeout(WITHIN_S):
            while line not in self.said:
                got = await self.process.stdout.readline()
                assert got, f"it ended, and had said {self.said}"
                self.said.append(got.decode().strip())

    async def part(self, fits: Callable[[Found], bool]) -> Found:
        """The first that fits, once there is one."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                for file in sorted(self.folder.glob("*.json")):
                    if fits(found := msgspec.json.decode(file.read_bytes(), type=Found)):
                        return found
                await asyncio.sleep(0.02)

    async def named(self, name: str, but: int = 0) -> Found:
        """That of this name, other than the process `but`."""
        return await self.part(lambda found: found.arguments[1:] == [name] and found.pid != but)


@pytest.fixture
async def head(tmp_path: Path) -> AsyncIterator[Head]:
    """One whose parts are up."""
    with (tmp_path / "errors.log").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.hosting.a_head", str(tmp_path)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),
        )
    assert process.stdout
    async with asyncio.timeout(WITHIN_S):
        started = Head(process, tmp_path, int((await process.stdout.readline()).split()[1]), [])
    await started.says("ready")
    yield started
    if process.returncode is None:
        process.kill()
        await process.wait()


async def all_gone(*pids: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        for pid in pids:
            await gone(pid)


async def test_a_part_is_our_child_has_its_own_name_environment_and_chance_and_nothing_of_others(head: Head) -> None:
    one, two = await head.named("one"), await head.named("two")
    for found in (one, two):
        assert (found.parent, found.group) == (head.process.pid, found.pid)
        assert (found.called, found.own, found.nursery_s) == ("tw-a_part", "yes", None)
        assert (found.sockets, found.threads, found.edge_imported) == (0, 1, True)
    assert one.chance != two.chance
    assert one.id != two.id


async def test_how_a_part_ends_is_seen_also_when_it_breaks(head: Head) -> None:
    assert "exit 7" in head.said
    assert "raise 1" in head.said
    assert "RuntimeError: on purpose" in (head.folder / "errors.log").read_text()


async def test_parts_outlive_their_nursery_and_one_that_dies_then_is_borne_by_another(head: Head) -> None:
    one, two = await head.named("one"), await head.named("two")
    os.kill(head.nursery, signal.SIGKILL)
    await all_gone(head.nursery)
    os.kill(one.pid, signal.SIGKILL)
    again = await head.named("one", but=one.pid)
    assert again.parent == head.process.pid
    await head.says("one was ended by SIGKILL; starting it again")
    assert "two was ended by SIGKILL; starting it again" not in head.said
    head.process.terminate()
    await head.says("Stopping one")
    assert head.said[-2:] == ["Stopping two", "Stopping one"]
    await all_gone(again.pid, two.pid)
    assert await head.process.wait() == 0


async def test_kill_9_of_the_head_takes_parts_and_nursery_along(head: Head) -> None:
    one, two = await head.named("one"), await head.named("two")
    head.process.kill()
    await all_gone(one.pid, two.pid, head.nursery)
