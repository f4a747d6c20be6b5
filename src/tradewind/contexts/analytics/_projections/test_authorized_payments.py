"""A payment that is told to be authorized counts once, however often that is told, and only once it is committed."""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from tests.shops import Shop, until
from tradewind.contexts.analytics._projections.authorized_payments import authorized_payments
from tradewind.contracts.payments import PaymentAuthorized
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import internal_call
from tradewind.runtime.subscriptions import Told

ROWS: Final = (
    "SELECT payment_id, order_id, amount_minor, currency FROM analytics.authorized_payment ORDER BY payment_id"
)
HEARD: Final = """
    SELECT EXISTS (SELECT FROM runtime.position AS p JOIN runtime.outbox AS o
                   ON (p.stamp, p.position) >= (o.stamp, o.position)
                   WHERE p.subscriber = 'analytics.authorized_payments' AND o.key = $1)
"""


def authorized(payment_id: UUID) -> PaymentAuthorized:
    return PaymentAuthorized(order_id=new_id(), payment_id=payment_id, amount=Decimal("12.50"), currency="EUR")


def counted() -> float:
    return REGISTRY.get_sample_value("payment_authorized_total") or 0.0


async def tell(shop: Shop, *events: PaymentAuthorized) -> None:
    async with shop.db.transaction(internal_call("test")) as tx:
        tx.tell(*events)


async def test_a_payment_that_is_told_of_again_is_one_row_and_counts_once(working_shop: Shop) -> None:
    before, one, other = counted(), authorized(new_id()), authorized(new_id())
    await tell(working_shop, one, one)
    await tell(working_shop, other)
    await tell(working_shop, one, last := authorized(other.payment_id))
    assert await until(working_shop, lambda: working_shop.db.pool.fetchval(HEARD, str(last.order_id)))
    rows: list[Any] = await working_shop.db.pool.fetch(ROWS)
    assert [tuple(row) for row in rows] == sorted(
        (event.payment_id, event.order_id, 1250, "EUR") for event in (one, other)
    )
    assert counted() == before + 2


async def test_what_is_undone_counts_nothing(shop: Shop) -> None:
    before, told = counted(), Told(authorized(new_id()), new_id(), now(), 1)

    async def break_off() -> None:
        async with shop.db.transaction(internal_call("test")) as tx:
            await authorized_payments.react([told], tx)
            raise RuntimeError("broken off")

    with pytest.raises(RuntimeError):
        await break_off()
    assert (await shop.db.pool.fetch(ROWS), counted()) == ([], before)
    async with shop.db.transaction(internal_call("test")) as tx:
        await authorized_payments.react([told], tx)
        assert counted() == before, "not before it is certain"
    assert counted() == before + 1
