"""Timers: in one worker at a time, again while there is work, and never stopped by a failure."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest

from tradewind.runtime import timers
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.timers import Timer

HOUR_S = 3600.0


class Chore:
    """A timer's work: gives the answers of `finds` in turn, raises exceptions, and is `done` after the last."""

    def __init__(self, finds: Sequence[int | Exception]) -> None:
        self.finds = list(finds)
        self.runs = 0
        self.at_once = self.most_at_once = 0
        self.done = asyncio.Event()

    async def run(self, tx: Tx) -> int:
        """One piece."""
        self.runs += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await tx.value("SELECT pg_sleep(0.001)")
            found = self.finds.pop(0) if self.finds else 0
            if isinstance(found, Exception):
                raise found
            return found
        finally:
            self.at_once -= 1
            if not self.finds:
                self.done.set()


async def keep(db: Database, timer: Timer, chore: Chore, workers: int = 1) -> None:
    """Keep `timer` in so many workers until all is done."""
    stop = asyncio.Event()
    keeping = [asyncio.create_task(timers.keep(db, timer, stop)) for _ in range(workers)]
    with suppress(TimeoutError):
        async with asyncio.timeout(20):
            await chore.done.wait()
    stop.set()
    await asyncio.gather(*keeping)
    assert chore.done.is_set()


async def test_it_runs_again_at_once_while_it_finds_work(db: Database) -> None:
    chore = Chore([5, 5, 5, 0])
    await keep(db, Timer("test.chore", HOUR_S, chore.run), chore)
    assert chore.runs == 4


async def test_it_comes_round_and_a_failure_does_not_stop_it(db: Database) -> None:
    chore = Chore([0, ValueError("a bug"), 0, 0])
    await keep(db, Timer("test.chore", 0.001, chore.run), chore)
    assert chore.runs >= 4


@pytest.mark.parametrize("everywhere", [False, True])
async def test_it_runs_in_one_worker_at_a_time_unless_it_must_run_everywhere(db: Database, everywhere: bool) -> None:
    chore = Chore([1] * 40)
    await keep(db, Timer("test.chore", 0.001, chore.run, everywhere=everywhere), chore, workers=4)
    assert (chore.most_at_once > 1) is everywhere
