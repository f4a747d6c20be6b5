"""R15: a worker is paused in the middle of its work, another finishes it; when the first goes on, nobody listens."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import pytest

from tests.chaos import workload
from tests.chaos.stands import Stand, dice
from tests.shops import until

PAUSES = (
    "saga.authorize_payment.after_ask",
    "saga.confirm_reservation.before_commit",
    "saga.capture_payment.after_ask",
    "saga.capture_payment.before_commit",
    "relay.before_commit",
)
"""Between two transactions, where only leases are held; within one, where rows are locked; with the relay's lead."""
STANDING = """
    SELECT s.id, s.phase, s.step, s.fence, s.changed_at, o.status, o.version, p.status AS payment, p.changed_at AS paid,
           (SELECT count(*) FROM runtime.saga_journal AS j WHERE j.saga_id = s.id) AS said,
           (SELECT count(*) FROM runtime.outbox AS e WHERE e.key = s.id::text) AS told
    FROM runtime.saga AS s JOIN orders.orders AS o ON o.id = s.id LEFT JOIN payments.payments AS p ON p.order_id = s.id
    WHERE s.id = ANY($1::uuid[]) ORDER BY s.id
"""
PLANTED = {"TEST_BUILD": "1", "PLANTED_BUGS": "write_without_fence"}


async def late_writes(stand: Stand, point: str, **planted: str) -> list[str]:
    """Pause a worker at `point`, have another one finish, let the first go on: whatever changed after the finish."""
    expected = await workload.place(stand.shop, [workload.APPROVE] * 4, dice(1, point))
    zombie = stand.worker(FAILPOINTS=f"{point}=stop@1", **planted)
    await asyncio.to_thread(zombie.stopped)
    heir = stand.worker()
    await stand.settles(expected)
    assert await heir.stop() == 0
    before = await standing(stand, expected)
    zombie.resume()
    await carries_a_new_order(stand)
    after = await standing(stand, expected)
    assert await zombie.stop() == 0
    return [f"{was} became {now}" for was, now in zip(before, after, strict=True) if was != now]


async def standing(stand: Stand, orders: Mapping[UUID, str]) -> list[object]:
    """Everything that a write would leave its mark on, with the provider's lines."""
    rows = await stand.shop.db.pool.fetch(STANDING, list(orders))
    return [(dict(row), await stand.provider.ledger(str(row["id"]))) for row in rows]


async def carries_a_new_order(stand: Stand) -> None:
    """Once it is through, whatever the worker had to say before is said: steps and answers keep their order."""
    fresh = await workload.place(stand.shop, [workload.APPROVE], dice(2, "fresh"))

    async def has_gone_through() -> bool:
        return await stand.violations(fresh) == []

    await until(stand.shop, has_gone_through)


@pytest.mark.parametrize("point", PAUSES)
async def test_a_paused_workers_late_write_is_refused_and_it_works_on(stand: Stand, point: str) -> None:
    assert await late_writes(stand, point) == []


async def test_without_the_fence_a_paused_workers_late_write_is_seen(stand: Stand) -> None:
    assert await late_writes(stand, "saga.capture_payment.after_ask", **PLANTED) != []


async def test_an_effect_without_its_key_is_seen_twice_in_the_providers_own_ledger(stand: Stand) -> None:
    bugs = {"TEST_BUILD": "1", "PLANTED_BUGS": "effect_without_key"}
    expected = await workload.place(stand.shop, [workload.APPROVE] * 4, dice(1, "without key"))
    victim = stand.worker(FAILPOINTS="saga.authorize_payment.after_ask=kill@4", **bugs)
    await victim.ended()
    heir = stand.worker(**bugs)
    violations = await stand.violations(expected)
    await heir.stop()
    assert any("2 approved authorizations" in violation for violation in violations)
