"""What the provider would not give back for a return, or took back, is asked for once more of payments elsewhere."""

from typing import Any
from uuid import UUID

import pytest

from tests.comebacks import STAFF, comes_to, inspected
from tests.remote.test_payments_apart import Apart, apart, disarmed
from tests.remote.test_refunds_apart import in_the_warehouse, refunding, refunds
from tests.shops import until
from tradewind.contexts.returns._subscribers.on_payment_refund_failed import on_payment_refund_failed
from tradewind.contexts.returns.get_return.query import GetReturn
from tradewind.contexts.returns.retry_refund.command import NothingToRetry, RetryRefund
from tradewind.contracts.payments import PaymentRefundFailed
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import PaymentProvider
from tradewind.runtime import failpoints

__all__ = ["apart", "disarmed", "refunding"]
pytestmark = pytest.mark.adapter("grpc")

KEY = "SELECT authorization_key FROM payments.payments WHERE order_id = $1"
PROMISED = """
    INSERT INTO payments.refund (id, order_id, amount_minor, reason) VALUES (gen_random_uuid(), $1, 4000, 'a scratch')
"""
RETRIES = "SELECT retry_id IS NULL FROM returns.returns WHERE id = $1"


async def all_refused(apart: Apart, order_id: UUID) -> None:
    """Wait until the provider has said no to every refund of the order."""

    async def look() -> bool:
        return {status for status, _ in await refunds(apart, order_id)} == {"REFUSED"}

    await until(apart.payments, look)


async def behind_our_back(apart: Apart, order_id: UUID, minor: int = 5000) -> None:
    """The provider gave everything back already: it refuses whatever it is asked for."""
    provider: PaymentProvider = apart.payments.db.peers[PaymentProvider]  # type: ignore[assignment]
    await provider.refund(await apart.payments.db.pool.fetchval(KEY, order_id), Money(minor, "EUR"), "behind our back")


async def retried(apart: Apart, return_id: UUID) -> None:
    """Have its money asked for once more, and wait until that is over."""
    await apart.orders.dispatch(RetryRefund(return_id=return_id), STAFF)
    await until(apart.orders, lambda: apart.orders.db.pool.fetchval(RETRIES, return_id))


async def test_a_refund_that_the_provider_refused_is_asked_for_again_as_another(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding)
        await behind_our_back(refunding, order_id)
        await inspected(refunding.orders, one, restocked=2)
        await comes_to(refunding.orders, one.id, "INSPECTED")
        await all_refused(refunding, order_id)
        await retried(refunding, one.id)
        await all_refused(refunding, order_id)
    assert await refunds(refunding, order_id) == [("REFUSED", 2500), ("REFUSED", 2500)]
    seen = await refunding.orders.dispatch(GetReturn(return_id=one.id), STAFF)
    assert seen.status == "INSPECTED", "nobody says that the buyer has money that they have not"


async def fails(apart: Apart, one: Any, order_id: UUID, minor: int) -> None:
    """The provider gave so much of a return's refund back, and says that it never came."""
    await apart.payments.db.pool.execute(
        "UPDATE payments.refund SET status = 'REFUSED', failed_at = now() WHERE order_id = $1", order_id
    )
    await apart.payments.db.pool.execute(
        "UPDATE payments.payments SET refunded_minor = refunded_minor - $2 WHERE order_id = $1", order_id, minor
    )
    refund_id = await apart.orders.db.pool.fetchval("SELECT refund_id FROM returns.returns WHERE id = $1", one.id)
    event = PaymentRefundFailed(
        order_id=order_id, payment_id=new_id(), amount=Money(minor, "EUR").amount, currency="EUR", reason="closed",
        refund_id=refund_id,
    )  # fmt: skip
    async with apart.orders.db.transaction(STAFF) as tx:
        await on_payment_refund_failed.react([event], tx)


@pytest.mark.parametrize("place", ["none", "payments.claim.after_commit", "saga.look_at_refund.after_ask",
                                   "saga.claim_refund.after_ask"])  # fmt: skip
async def test_money_that_never_came_is_owed_again_and_given_back_as_another_refund(
    refunding: Apart, disarmed: None, place: str
) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding)
        await inspected(refunding.orders, one, restocked=2)
        await comes_to(refunding.orders, one.id, "REFUNDED")
        with pytest.raises(NothingToRetry):
            await refunding.orders.dispatch(RetryRefund(return_id=one.id), STAFF)
        await fails(refunding, one, order_id, 2500)
        await comes_to(refunding.orders, one.id, "INSPECTED")
        failpoints.arm({place: "raise@1"})
        await retried(refunding, one.id)
        await comes_to(refunding.orders, one.id, "REFUNDED")
    assert await refunds(refunding, order_id) == [("REFUSED", 2500), ("DONE", 2500)]


async def test_where_less_is_left_than_it_is_worth_nothing_is_claimed_and_it_may_be_tried_again(
    refunding: Apart,
) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding)
        await inspected(refunding.orders, one, restocked=2)
        await comes_to(refunding.orders, one.id, "REFUNDED")
        await fails(refunding, one, order_id, 2500)
        await refunding.payments.db.pool.execute(PROMISED, order_id)
        for _ in range(2):
            await retried(refunding, one.id)
    assert sorted(await refunds(refunding, order_id)) == [("PENDING", 4000), *[("REFUSED", 2500)] * 3]
    seen = await refunding.orders.dispatch(GetReturn(return_id=one.id), STAFF)
    assert seen.status == "INSPECTED"
