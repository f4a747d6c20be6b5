"""Parts come back when they die and never outlive their supervisor: small shell scripts stand for the parts."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tradewind.app.supervision import ATTEMPTS_AT_START, Part, PartError, Supervisor, gone

WITHIN_S = 20.0
SUPERVISOR = """
import asyncio, sys
from tradewind.app.supervision import Part, Supervisor

part = Part(name="one", argv=("/bin/sh", "-c", sys.argv[1]))
asyncio.run(Supervisor([part], print).run(on_ready=lambda: print("ready", flush=True)))
"""


def a_part(script: str, name: str = "one", stop_grace_s: float = 5.0) -> Part:
    return Part(name=name, argv=("/bin/sh", "-c", script), stop_grace_s=stop_grace_s)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def never() -> None:
    await asyncio.Event().wait()


async def pids_in(file: Path, count: int) -> list[int]:
    """The process ids that parts wrote to a file, once there are `count`."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            pids = [int(line) for line in file.read_text().split()] if file.exists() else []
            if len(pids) >= count:
                return pids
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*parts: Part, at_once: bool = False) -> AsyncIterator[list[str]]:
    """The steps that a supervisor of `parts` reports, once all are up; it is stopped in the end."""
    steps: list[str] = []
    supervisor, ready = Supervisor(parts, steps.append, at_once=at_once), asyncio.Event()
    task = asyncio.create_task(supervisor.run(on_ready=ready.set))
    async with asyncio.timeout(WITHIN_S):
        await ready.wait()
    yield steps
    supervisor.stop()
    async with asyncio.timeout(WITHIN_S):
        await task


async def test_parts_start_in_order_and_stop_in_reverse() -> None:
    async with running(a_part("exec sleep 60", "one"), a_part("exec sleep 60", "two")) as steps:
        pass
    assert steps == ["one is up", "two is up", "Stopping two", "Stopping one"]


async def test_parts_that_start_at_once_may_wait_for_each_other_and_stop_in_reverse(tmp_path: Path) -> None:
    async def both_run() -> None:
        await pids_in(tmp_path / "pids", 2)

    script = f"echo $$ >> {tmp_path}/pids; exec sleep 60"
    parts = [Part(name=name, argv=("/bin/sh", "-c", script), ready=both_run) for name in ("one", "two")]
    async with running(*parts, at_once=True) as steps:
        assert sorted(steps) == ["one is up", "two is up"]
    assert steps[2:] == ["Stopping two", "Stopping one"]


async def test_of_parts_that_start_at_once_one_that_never_gets_ready_ends_the_others(tmp_path: Path) -> None:
    fine = a_part(f"echo $$ >> {tmp_path}/fine; exec sleep 60", "fine")
    broken = Part(name="broken", argv=("/bin/sh", "-c", "exit 3"), ready=never)
    with pytest.raises(PartError, match="broken does not start"):
        await Supervisor([broken, fine], at_once=True).run()
    assert not any(map(alive, await pids_in(tmp_path / "fine", 1)))


async def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    async with running(a_part(f"echo $$ >> {tmp_path}/pids; exec sleep 60")) as steps:
        first, *_ = await pids_in(tmp_path / "pids", 1)
        os.kill(first, signal.SIGKILL)
        _, second = await pids_in(tmp_path / "pids", 2)
        assert alive(second)
    assert "one was ended by SIGKILL; starting it again" in steps
    assert not alive(second)


async def test_a_part_that_never_gets_ready_ends_the_rest_after_a_few_attempts(tmp_path: Path) -> None:
    fine = a_part(f"echo $$ >> {tmp_path}/fine; exec sleep 60", "fine")
    broken = Part(name="broken", argv=("/bin/sh", "-c", f"echo $$ >> {tmp_path}/broken; exit 3"), ready=never)
    with pytest.raises(PartError, match="broken does not start: 4 attempts, the last one ended with exit code 3"):
        await Supervisor([fine, broken]).run()
    assert not any(map(alive, await pids_in(tmp_path / "fine", 1)))
    assert len(await pids_in(tmp_path / "broken", 1)) == ATTEMPTS_AT_START


async def test_a_part_that_cannot_even_be_executed_says_so(tmp_path: Path) -> None:
    with pytest.raises(PartError, match="No such file"):
        await Supervisor([Part(name="ghost", argv=(str(tmp_path / "ghost"),))]).run()


async def test_a_part_that_does_not_want_to_stop_is_killed_after_its_grace(tmp_path: Path) -> None:
    stubborn = f"trap '' TERM; echo $$ >> {tmp_path}/pids; while :; do sleep 0.05; done"
    async with running(a_part(stubborn, stop_grace_s=0.2)) as steps:
        (pid,) = await pids_in(tmp_path / "pids", 1)
    assert steps[-1] == "one did not stop within 0.2 s; killing it"
    assert not alive(pid)


async def test_what_a_dead_part_started_itself_dies_before_it_is_started_again(tmp_path: Path) -> None:
    async with running(a_part(f"sleep 60 & echo $! >> {tmp_path}/left; echo $$ >> {tmp_path}/pids; wait")):
        (left,) = await pids_in(tmp_path / "left", 1)
        (pid,) = await pids_in(tmp_path / "pids", 1)
        os.kill(pid, signal.SIGKILL)
        await pids_in(tmp_path / "pids", 2)
        assert not alive(left)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_however_a_supervisor_ends_its_parts_end_too(tmp_path: Path, end: signal.Signals) -> None:
    script = f"echo $$ >> {tmp_path}/pids; exec sleep 60"
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, script], stdout=subprocess.DEVNULL)
    (part,) = await pids_in(tmp_path / "pids", 1)
    supervisor.send_signal(end)
    async with asyncio.timeout(WITHIN_S):
        await gone(part)
        await gone(supervisor.pid)
    assert supervisor.wait() == (-signal.SIGKILL if end is signal.SIGKILL else 0)


async def test_waiting_for_a_process_that_is_gone_already_returns() -> None:
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    await gone(process.pid)
