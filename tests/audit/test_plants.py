"""Every check must be seen to fail: a violation is planted by hand; exactly its check goes red and names the row."""

import pytest

from tests.audit.conftest import Place, red
from tests.audit.plants import PLANTS
from tests.audit.plants.plant import HEARD, OVERDUE, PAYMENTS, SNAPSHOT, Plant

STRANGE_PAYMENTS = """
    INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, authorization_key)
    SELECT gen_random_uuid(), gen_random_uuid(), 'VOIDED', 'm', 'EUR', 5, 'k' FROM generate_series(1, 1000)
"""
ACKNOWLEDGE = """
    INSERT INTO runtime.audit_entry (actor, action, subject, correlation_id, facts)
    VALUES ('x', 'saga.acknowledge', $1, 'c', '{}')
"""
HEARD_OF_STOCK = """
    WITH gone AS (
        DELETE FROM catalog.availability WHERE sku NOT IN (SELECT sku FROM inventory.inventory_stock))
    UPDATE catalog.availability AS a SET on_hand = s.on_hand, reserved = s.reserved, available = s.on_hand - s.reserved
    FROM inventory.inventory_stock AS s WHERE s.sku = a.sku AND a.version > 0
"""
"""What is planted in inventory's rows was told: the snapshot of them is another matter."""


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.what.replace(" ", "-") for plant in PLANTS])
async def test_a_planted_violation_turns_exactly_its_check_red(plant: Plant, copy: Place) -> None:
    await copy.run(copy.named(plant.sql))
    if SNAPSHOT not in plant.red:
        await copy.run(HEARD_OF_STOCK)
    report = await copy.audit()
    assert sorted(red(report)) == sorted(plant.red), report.lines()
    named = [line for line in report.lines() if plant.says in line]
    assert named, report.lines()
    assert all(". Next: " in line for line in named)


async def test_a_thousand_violations_are_counted_and_twenty_named(copy: Place) -> None:
    await copy.run(STRANGE_PAYMENTS)
    (payments,) = [check for check in (await copy.audit()).checks if not check.ok]
    assert payments.name == PAYMENTS
    assert len(payments.violations) == 21
    assert payments.violations[-1] == "and 980 more of this kind"


async def test_a_parked_saga_that_somebody_acknowledged_is_no_violation(copy: Place) -> None:
    await copy.run(
        "UPDATE runtime.saga SET phase = 'NEEDS_ATTENTION', due_at = NULL WHERE id = $1", copy.orders["waiting"]
    )
    assert red(await copy.audit()) == [OVERDUE]
    await copy.run(ACKNOWLEDGE, str(copy.orders["waiting"]))
    assert (await copy.audit()).ok


async def test_a_young_event_may_be_on_its_way_unless_the_auditor_was_told_to_wait(copy: Place) -> None:
    await copy.run("UPDATE runtime.outbox SET occurred_at = now()")
    await copy.run(
        "UPDATE runtime.position SET stamp = 0, position = 0 WHERE subscriber = 'inventory.on_product_created'"
    )
    report = await copy.audit()
    assert report.ok, report.lines()
    assert {check.name: check.in_flight for check in report.checks}[HEARD] == 3
    assert red(await copy.audit(settle_s=0.3)) == [HEARD]
