"""R2 and R3: a shop under load is killed with -9, or its Postgres is; what was accepted is there, and all ends well."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.chaos.served import Crowd, Outcome, Served, crowded, judge, ready
from tests.chaos.stands import dice, seeds
from tests.chaos.test_engines import ask
from tradewind.app.engines import engines
from tradewind.app.settings import Settings

LOAD = (20, 60)
"""Orders accepted before a fault, at least and at most."""

RELOAD = "SELECT pg_reload_conf()"
CAUGHT_WITHIN_S = 90.0
TRIES_TO_CATCH_ONE = 50
"""Looks for an order that waits, before everybody who waits is let go."""
ORDERS_WITHOUT_ANSWER = """
    SELECT count(*) FROM pg_stat_activity AS a JOIN pg_locks AS l USING (pid)
    WHERE a.wait_event = 'SyncRep' AND l.relation = 'orders.order_items'::regclass AND l.mode = 'RowExclusiveLock'
"""

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
    """By SIGKILL and by immediate shutdown, in either order; once when orders are committed, but not yet answered."""
    at_commit = rng.randrange(2)
    async with engines(Settings(home=served.home)) as found:
        for index, number in enumerate(rng.sample([signal.SIGKILL, signal.SIGQUIT], 2)):
            await crowd.accepts(rng.randint(*LOAD))
            if index == at_commit:
                await withhold_answers(found.database_url, crowd)
            os.kill(served.postmaster(), number)
            await ask(found.database_url, "ALTER SYSTEM RESET synchronous_standby_names", RELOAD)
            await crowd.accepts(rng.randint(*LOAD))


async def withhold_answers(url: str, crowd: Crowd) -> None:
    """Have Postgres wait, after each commit, for a standby that will never come; return when an order waits there.

    Where a worker's commit is the first to wait, it keeps the stock row and no order gets as far: let all go on until
    orders are accepted again, and try again.
    """
    async with asyncio.timeout(CAUGHT_WITHIN_S):
        while True:
            await ask(url, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", RELOAD)
            for _ in range(TRIES_TO_CATCH_ONE):
                if await ask(url, ORDERS_WITHOUT_ANSWER):
                    return
                await asyncio.sleep(0.005)  # Postgres tells nobody who waits in it
            await ask(url, "ALTER SYSTEM RESET synchronous_standby_names", RELOAD)
            await crowd.accepts(1)


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
        if fault is kill_postgres and not outcome.ambiguous:
            failed.append(f"seed {seed}: no order was committed without an answer, so nothing was shown")
    assert not failed, "\n".join(failed)
