"""How long `tradewind serve` takes until everything is up, in a home that is new and in one that is not."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final, NamedTuple

from tradewind.app.bench.report import Figure, Goal

STARTS: Final = 5
READY_WITHIN_S: Final = 300.0
FIRST_S: Final = 5.0
SECOND_S: Final = 2.0
NOTES: Final = (
    "From the command to the line that says where everything is: edge, worker, broker, provider and Postgres are up. "
    f"Medians of {STARTS}; processor time is that of all processes until then.",
)
_TICKS: Final = os.sysconf("SC_CLK_TCK")
Say = Callable[[str], None]


class Start(NamedTuple):
    """What one took, in seconds."""

    passed: float
    processor: float


async def measure(home: Path, say: Say) -> tuple[list[Goal], list[Figure]]:
    """Each home is started twice."""
    first, second = list[Start](), list[Start]()
    for number in range(STARTS):
        for starts in (first, second):
            starts.append(await _start(home / f"start-{number}"))
        say(f"  home {number + 1}: {first[-1].passed:.1f} s, {first[-1].processor:.1f} s of processor time; "
            f"again {second[-1].passed:.1f} s, {second[-1].processor:.1f} s")  # fmt: skip
    named = (("first start of a home", first, FIRST_S), ("second start", second, SECOND_S))
    goals = [
        Goal(what=name, aim=aim, measured=median(one.passed for one in starts), unit="s") for name, starts, aim in named
    ]
    return goals, [
        Figure(
            what=f"processor time of all processes, {name}", measured=median(one.processor for one in starts), unit="s"
        )
        for name, starts, _ in named
    ]


async def _start(home: Path) -> Start:
    began = perf_counter()
    shop = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tradewind.app.cli", "serve", "--port", "0", "--json"),
        env={**os.environ, "TRADEWIND_HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert shop.stdout
    async with asyncio.timeout(READY_WITHIN_S):
        if not await shop.stdout.readline():
            raise RuntimeError("the shop did not start")
    found = Start(perf_counter() - began, _processor_s(shop.pid))
    shop.terminate()
    await shop.wait()
    return found


def _processor_s(head: int) -> float:
    """What a process, its descendants and those that they have waited for have used."""
    below: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it is gone
                continue
            below.setdefault(int(fields[1]), []).append(int(entry.name))
            used[int(entry.name)] = sum(map(int, fields[11:15])) / _TICKS
    total, waiting = 0.0, [head]
    while waiting:
        one = waiting.pop()
        total += used.get(one, 0.0)
        waiting += below.get(one, [])
    return total
