"""R2 and R3: a shop under load is killed with -9, or its Postgres is; what was accepted is there, and all ends well."""

import os
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.chaos.served import Crowd, Outcome, Served, crowded, judge, ready
from tests.chaos.stands import dice, seeds

LOAD = (20, 60)
"""Orders accepted before a fault, at least and at most."""

Fault = Callable[[Served, Crowd, random.Random], Awaitable[None]]


async def kill_the_shop_twice(served: Served, crowd: Crowd, rng: random.Random) -> None:
    """Twice; the second time as soon as it is up again, or in full swing."""
    await crowd.accepts(rng.randint(*LOAD))
    await served.kill()
    served.start()
    if rng.random() < 0.3:
        async with aiohttp.ClientSession() as http:
            await ready(http, served.url)
    else:
        await crowd.accepts(rng.randint(*LOAD))
    await served.kill()
    served.start()
    await crowd.accepts(rng.randint(*LOAD))


async def kill_postgres(served: Served, crowd: Crowd, rng: random.Random) -> None:
    """By SIGKILL and by immediate shutdown, in either order; its keeper restarts it."""
    for number in rng.sample([signal.SIGKILL, signal.SIGQUIT], 2):
        await crowd.accepts(rng.randint(*LOAD))
        os.kill(served.postmaster(), number)
        await crowd.accepts(rng.randint(*LOAD))


async def trial(home: Path, fault: Fault, rng: random.Random) -> Outcome:
    served = Served(home)
    served.start()
    try:
        async with crowded(served) as crowd:
            await fault(served, crowd, rng)
        outcome = await judge(served, crowd)
        assert await served.stop() == 0
    finally:
        if served.process and served.process.poll() is None:
            await served.kill()
    return outcome


@pytest.mark.timeout(150 * len(seeds()))
@pytest.mark.parametrize("fault", [kill_the_shop_twice, kill_postgres])
async def test_what_was_accepted_is_kept_once_and_ends_however_the_shop_dies(fault: Fault, tmp_path: Path) -> None:
    print(f"\n{fault.__name__:<24}{'accepted':>10}{'repeated':>10}{'ambiguous':>11}{'violations':>12}")
    failed = []
    for seed in seeds():
        outcome = await trial(tmp_path / f"home-{seed}", fault, dice(seed, fault.__name__))
        print(f"  seed {seed:<17}{outcome.accepted:>10}{outcome.repeated:>10}{outcome.ambiguous:>11}"
              f"{len(outcome.violations):>12}")  # fmt: skip
        failed += [f"seed {seed}: {violation}" for violation in outcome.violations]
    assert not failed, "\n".join(failed)
