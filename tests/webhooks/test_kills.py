"""A worker is killed between any two steps of a delivery: another goes on, nothing is lost, all is in order."""

import asyncio
import os
import signal
import sys

import pytest

from tests.shops import until
from tests.webhooks.conftest import ADMIN, Desk, a_name, low
from tradewind.app.audit import audit
from tradewind.kernel.clock import now

STEPS = ("webhooks.before_claim", "webhooks.after_claim", "webhooks.before_record", "webhooks.after_record")
LETTERS = "abcaba"
LEASES_END = "UPDATE webhooks.delivery SET lease_until = '-infinity' WHERE status = 'PENDING'"
DONE = "SELECT count(*) FROM webhooks.delivery WHERE status = 'DELIVERED'"


async def a_worker(desk: Desk, **environment: str) -> asyncio.subprocess.Process:
    """A worker of the desk's shop."""
    settings, engines = desk.shop.settings, desk.shop.engines
    given = {
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_DATABASE_URL": engines.database_url,
        "TRADEWIND_PROVIDER_URL": engines.provider_url,
        "TRADEWIND_WEBHOOK_ALLOW": ",".join(settings.webhook_allow),
        "TRADEWIND_LOG_LEVEL": "error",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tradewind.app.worker", env={**os.environ, **given, **environment}
    )


@pytest.mark.parametrize("step", STEPS)
async def test_killed_between_any_two_steps_each_message_arrives_under_its_id_and_in_order(
    desk: Desk, step: str
) -> None:
    name = a_name()
    desk.now = now()
    subscription = await desk.subscribe(name)
    async with desk.shop.db.transaction(ADMIN) as tx:
        tx.tell(*map(low, LETTERS))
    doomed = await a_worker(desk, TRADEWIND_FAILPOINTS=f"{step}=kill")
    async with asyncio.timeout(60):
        assert await doomed.wait() == -signal.SIGKILL

    await desk.shop.db.pool.execute(LEASES_END)
    heir = await a_worker(desk)

    async def done() -> bool:
        return bool(await desk.shop.db.pool.fetchval(DONE) == len(LETTERS))

    try:
        await until(desk.shop, done, within_s=60)
    finally:
        heir.terminate()
        await heir.wait()
    heard = desk.partners.heard[name]
    assert {status for _, status, _ in await desk.statuses(subscription.id)} == {"DELIVERED"}
    first = {one.sequence: one for one in reversed(heard)}
    assert sorted(first) == list(range(1, len(LETTERS) + 1))
    assert all(one.id == first[one.sequence].id for one in heard), "again is the same message"
    for letter in set(LETTERS):
        arrived = list(dict.fromkeys(one.sequence for one in heard if one.event["payload"]["sku"] == letter))
        assert arrived == sorted(arrived)
    report = await audit(desk.shop.engines.database_url, None, settle_s=20)
    assert report.ok, report.lines()
