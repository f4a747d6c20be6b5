"""R1: a worker is killed with -9 at every commit boundary, another one carries on: all ends, nothing twice.

Each trial reaches its boundary (the worker must have died there), then the auditor and the provider's own ledger judge.
TRADEWIND_CHAOS_SEEDS says how often each boundary is tried; a failure names seed and boundary.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from tests.chaos import workload
from tests.chaos.boundaries import WORKER, Boundary
from tests.chaos.nursery import Child, Nursery
from tests.chaos.stands import Stand, a_stand, dice, seeds
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings

STANDS = 6
"""Trials at once; they mostly wait for leases."""
UNDONE = 3
"""Completed orders that a person has undone in each trial, so that every step back is taken."""


class Trial(NamedTuple):
    """What one kill came to."""

    seed: int
    boundary: str
    orders: int
    killed: bool
    violations: list[str]


@pytest_asyncio.fixture
async def stands(
    settings: Settings, shared_engines: Engines, template: Engines, nursery: Nursery, tmp_path: Path
) -> AsyncIterator[list[Stand]]:
    async with AsyncExitStack() as stack:
        ready = [
            await stack.enter_async_context(
                a_stand(settings, shared_engines, template, nursery, tmp_path / f"stand-{n}")
            )
            for n in range(STANDS)
        ]
        await asyncio.gather(*(warm_up(stand) for stand in ready))
        yield ready


async def warm_up(stand: Stand) -> None:
    """Orders that went through undisturbed, to be undone later; what a calm shop does is judged the same way."""
    expected = await workload.place(stand.shop, [workload.APPROVE] * UNDONE, dice(0, "warm up"))
    worker = stand.worker()
    await stand.settles(expected)
    assert await worker.stop() == 0
    stand.completed.extend(expected)


async def kill_and_carry_on(stand: Stand, boundary: Boundary, seed: int) -> Trial:
    rng = dice(seed, boundary.name)
    expected = await workload.place(stand.shop, workload.fates(rng), rng)
    undone = [stand.completed.pop() for _ in range(UNDONE)]
    expected |= await workload.undo(stand.shop, undone)
    hit = rng.randint(1, 3) if boundary.per_order else 1
    victim = stand.worker(FAILPOINTS=f"{boundary.name}=kill@{hit}")
    killed = await died_there(victim)
    heir = stand.worker()
    violations = await stand.violations(expected)
    await heir.stop()
    stand.completed.extend(order_id for order_id, ends in expected.items() if ends == "PAID")
    return Trial(seed, boundary.name, len(expected), killed, violations)


async def died_there(victim: Child) -> bool:
    """Whether it was killed, which only the failpoint does: the boundary was reached."""
    try:
        return await victim.ended(within_s=30) == -signal.SIGKILL
    except TimeoutError:
        await victim.stop()
        return False


@pytest.mark.timeout(60 + 120 * len(seeds()))
async def test_a_worker_killed_at_any_boundary_leaves_nothing_undone_and_nothing_done_twice(
    stands: list[Stand],
) -> None:
    waiting = [(boundary, seed) for seed in seeds() for boundary in WORKER][::-1]
    trials: list[Trial] = []

    async def use(stand: Stand) -> None:
        while waiting:
            trials.append(await kill_and_carry_on(stand, *waiting.pop()))

    await asyncio.gather(*(use(stand) for stand in stands))
    print_table(trials)
    failed = [
        f"seed {t.seed}, {t.boundary}: {t.violations or 'not reached'}" for t in trials if t.violations or not t.killed
    ]
    assert not failed, "\n".join(failed)


def print_table(trials: list[Trial]) -> None:
    columns = {
        "trials": Counter(t.boundary for t in trials),
        "killed": Counter(t.boundary for t in trials if t.killed),
        "orders": Counter(
            {name: sum(t.orders for t in trials if t.boundary == name) for name in {t.boundary for t in trials}}
        ),
        "violations": Counter({t.boundary: 0 for t in trials}),
    }
    for trial in trials:
        columns["violations"][trial.boundary] += len(trial.violations)
    print(f"\n{'boundary':<42}" + "".join(f"{name:>12}" for name in columns))
    for boundary in WORKER:
        print(f"{boundary.name:<42}" + "".join(f"{column[boundary.name]:>12}" for column in columns.values()))
    print(f"{'together':<42}" + "".join(f"{column.total():>12}" for column in columns.values()))
