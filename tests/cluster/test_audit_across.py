"""The audit of two databases finds what is wrong between them, and what one side told and the other has not heard."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.remote.test_orders_apart import Apart, apart
from tests.shops import working
from tradewind.app.audit import across, copies
from tradewind.app.audit.across import audit_across

__all__ = ["apart"]

TAKE_BACK = "UPDATE inventory.reservation SET state = 'RELEASED' WHERE order_id = $1"
FIRST = {"heard across databases"}
"""No Kafka carries events between the two databases of these tests."""


@pytest_asyncio.fixture
async def both(apart: Apart) -> AsyncIterator[Apart]:
    """Two shops that work, gRPC between them."""
    async with working(apart.inventory), apart.answering():
        yield apart


async def audited(apart: Apart) -> list[str]:
    """Every violation."""
    urls = apart.orders.engines.database_url, {"inventory": apart.inventory.engines.database_url}
    return (await audit_across(*urls, None, settle_s=20.0)).lines()


async def test_what_inventory_holds_is_compared_with_the_orders_of_the_other_database(both: Apart) -> None:
    order = await both.ended()
    refused = await both.ended("decline")
    assert {line.partition(":")[0] for line in await audited(both)} == FIRST
    await both.inventory.db.pool.execute(TAKE_BACK, order.id)
    wrong = await audited(both)
    assert {line.partition(":")[0] for line in wrong} == FIRST | {"stock ledger", "reservations"}
    assert any(str(order.id) in line for line in wrong)
    assert not any(str(refused.id) in line for line in wrong)


async def test_what_one_side_told_and_the_other_has_not_heard_is_named(both: Apart) -> None:
    await both.ended()
    unheard = [line for line in await audited(both) if line.startswith("heard across databases")]
    assert any("subscriber catalog.availability has not heard" in line for line in unheard)
    assert any("subscriber inventory.on_order_confirmed has not heard" in line for line in unheard)


async def test_nothing_is_claimed_of_databases_that_do_not_hold_still(
    both: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copies.copy

    async def meanwhile(sides: copies.Sides, shop: object) -> None:
        await copy(sides, shop)
        await both.ended()

    monkeypatch.setattr(copies, "copy", meanwhile)
    monkeypatch.setattr(across, "TRIES", 2)
    (line,) = await audited(both)
    assert line.startswith("all databases at one moment: The logs went on during each of 2 tries")
