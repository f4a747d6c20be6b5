"""What came back pays for what goes out: cards see the difference alone, and all of it whatever comes of the order."""

from typing import Any
from uuid import UUID

import aiohttp
import pytest

from tests.builders import a_product, seen
from tests.comebacks import SHIPMENT, STAFF, a_delivered_order, comes_to, inspected, received, refunded_by_hand
from tests.edits import comes_to as order_comes_to
from tests.edits import edit, money, over, stock, undone, violations
from tests.shops import Shop, until
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.payments.manifest import RefundPayment
from tradewind.contexts.payments.refund_payment.command import RefundTooLarge
from tradewind.contexts.returns.retry_refund.command import RetryRefund
from tradewind.contexts.shipping.manifest import DeliverShipment, DispatchShipment
from tradewind.contracts.orders import OrderCancelled
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import PaymentProvider

BY = "UPDATE orders.orders SET payment_method = $1"
KEY = "SELECT authorization_key FROM payments.payments WHERE order_id = $1"
REFUSED = "SELECT sum(amount_minor)::int FROM payments.refund WHERE order_id = $1 AND status = 'REFUSED'"
PENDING = "SELECT count(*) = 0 FROM payments.refund WHERE status = 'PENDING'"
TAKEN = [("authorization", 3750), ("capture", 3750)]
"""What the card of the first order saw: three books."""


async def exchanged(shop: Shop, sku: str, *, method: str = "approve", qty: int = 1) -> tuple[UUID, Any]:
    """Of three books at 12.50 so many come back for as many of this: a pen at 3.00, a book, or a lamp at 20.00."""
    await a_product(shop, "BOOK")
    await a_product(shop, "PEN", amount="3.00")
    await a_product(shop, "LAMP", amount="20.00")
    order_id = await a_delivered_order(shop, "BOOK", 3)
    await shop.db.pool.execute(BY, f"simulated:{method}")
    instead: dict[str, Any] = {sku: qty}
    back = await received(shop, order_id, "BOOK", qty, **instead)
    settled = await inspected(shop, back, restocked=qty)
    await comes_to(shop, back.id, "REFUNDED")
    return order_id, settled


async def moved(shop: Shop, order_id: UUID) -> list[tuple[str, int]]:
    """The money that moved for an order, once nothing is on its way back, in the provider's own books."""
    await until(shop, lambda: shop.db.pool.fetchval(PENDING))
    url = f"{shop.engines.provider_url}/v1/ledger/{order_id}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        lines = (await answer.json())["operations"]
    return [(line["operation"], line["minor"]) for line in lines if line["minor"] and line["outcome"] == "approved"]


async def refund(shop: Shop, order_id: UUID, minor: int) -> None:
    """Give so much of it back."""
    amount = Money(minor, "EUR").amount
    await shop.dispatch(RefundPayment(order_id=order_id, amount=amount, reason="goodwill"), STAFF)


async def delivered(shop: Shop, order_id: UUID) -> None:
    """Its buyer has it."""
    shipment = await shop.db.pool.fetchval(SHIPMENT, order_id)
    await shop.dispatch(DispatchShipment(shipment_id=shipment), STAFF)
    await shop.dispatch(DeliverShipment(shipment_id=shipment), STAFF)
    await order_comes_to(shop, order_id, "FULFILLED")


async def test_at_the_same_price_nobody_is_asked_for_money(working_shop: Shop) -> None:
    order_id, settled = await exchanged(working_shop, "BOOK", qty=2)
    await order_comes_to(working_shop, settled.replacement_order_id, "PAID")
    assert await moved(working_shop, order_id) == TAKEN
    assert await moved(working_shop, settled.replacement_order_id) == []
    assert await money(working_shop, settled.replacement_order_id) == settled.refund_amount * 100 == 2500
    assert await violations(working_shop) == []


async def test_a_dearer_thing_costs_its_buyer_the_difference(working_shop: Shop) -> None:
    order_id, settled = await exchanged(working_shop, "LAMP")
    await order_comes_to(working_shop, settled.replacement_order_id, "PAID")
    assert await moved(working_shop, order_id) == TAKEN
    assert await moved(working_shop, settled.replacement_order_id) == [("authorization", 750), ("capture", 750)]
    assert await violations(working_shop) == []


async def test_of_a_cheaper_thing_the_difference_goes_back_to_the_first_card(working_shop: Shop) -> None:
    order_id, settled = await exchanged(working_shop, "PEN")
    await order_comes_to(working_shop, settled.replacement_order_id, "PAID")
    assert await moved(working_shop, order_id) == [*TAKEN, ("refund", 950)]
    assert await moved(working_shop, settled.replacement_order_id) == []
    assert await violations(working_shop) == []


async def test_what_pays_for_another_order_is_not_refunded_too(working_shop: Shop) -> None:
    order_id, _ = await exchanged(working_shop, "LAMP")
    with pytest.raises(RefundTooLarge):
        await refunded_by_hand(working_shop, order_id, 2501)
    await refunded_by_hand(working_shop, order_id, 2500)
    assert await moved(working_shop, order_id) == [*TAKEN, ("refund", 2500)]
    assert await violations(working_shop) == []


async def test_where_the_difference_is_declined_all_goes_back_once(working_shop: Shop) -> None:
    order_id, settled = await exchanged(working_shop, "LAMP", method="decline")
    off = settled.replacement_order_id
    await order_comes_to(working_shop, off, "CANCELED")
    for _ in range(2):
        async with working_shop.db.transaction(STAFF) as tx:  # heard again, late
            tx.tell(OrderCancelled(order_id=off, reason="off", total_amount=Money(2000, "EUR").amount, currency="EUR"))

    async def back() -> bool:
        return await moved(working_shop, order_id) == [*TAKEN, ("refund", 1250)]

    await until(working_shop, back)
    assert await stock(working_shop, "LAMP") == (10, 0)
    assert await moved(working_shop, off) == []


async def test_a_replacement_that_is_called_off_before_it_is_paid_gives_all_back(working_shop: Shop) -> None:
    order_id, settled = await exchanged(working_shop, "LAMP", method="challenge")
    await working_shop.dispatch(CancelOrder(order_id=settled.replacement_order_id, reason="no"), STAFF)
    await order_comes_to(working_shop, settled.replacement_order_id, "CANCELED")

    async def back() -> bool:
        return await moved(working_shop, order_id) == [*TAKEN, ("refund", 1250)]

    await until(working_shop, back)
    assert await violations(working_shop) == []


async def test_a_refund_of_the_replacement_goes_to_its_own_card_first_and_the_rest_to_the_first_one(
    working_shop: Shop,
) -> None:
    order_id, settled = await exchanged(working_shop, "LAMP")
    other = settled.replacement_order_id
    await order_comes_to(working_shop, other, "PAID")
    with pytest.raises(RefundTooLarge):
        await refund(working_shop, other, 2001)
    await refund(working_shop, other, 1000)
    own = [("authorization", 750), ("capture", 750), ("refund", 750)]
    assert await moved(working_shop, other) == own
    assert await moved(working_shop, order_id) == [*TAKEN, ("refund", 250)]
    await refund(working_shop, other, 1000)
    assert await moved(working_shop, order_id) == [*TAKEN, ("refund", 250), ("refund", 1000)]
    assert (await money(working_shop, other), await moved(working_shop, other)) == (0, own)
    assert await violations(working_shop) == []


@pytest.mark.parametrize(
    ("sku", "own"), [("LAMP", [("authorization", 750), ("capture", 750), ("refund", 750)]), ("BOOK", [])]
)
async def test_a_replacement_that_is_undone_gives_each_card_what_it_paid(
    working_shop: Shop, sku: str, own: list[tuple[str, int]]
) -> None:
    order_id, settled = await exchanged(working_shop, sku)
    await order_comes_to(working_shop, settled.replacement_order_id, "PAID")
    await undone(working_shop, settled.replacement_order_id)
    await order_comes_to(working_shop, settled.replacement_order_id, "CANCELED")

    async def back() -> bool:
        return await moved(working_shop, order_id) == [*TAKEN, ("refund", 1250)]

    await until(working_shop, back)
    assert await moved(working_shop, settled.replacement_order_id) == own
    assert await violations(working_shop) == []


async def test_a_replacement_is_edited_and_exchanged_again(working_shop: Shop) -> None:
    order_id, settled = await exchanged(working_shop, "LAMP")
    second = settled.replacement_order_id
    await order_comes_to(working_shop, second, "PAID")
    await edit(working_shop, second, PEN=1)
    assert (await over(working_shop, second)).total_amount == Money(2300, "EUR").amount
    await delivered(working_shop, second)
    again = await received(working_shop, second, "LAMP", 1, BOOK=1)
    third = (await inspected(working_shop, again, restocked=1)).replacement_order_id
    await comes_to(working_shop, again.id, "REFUNDED")
    await order_comes_to(working_shop, third, "PAID")
    assert await money(working_shop, second) == 300
    assert await money(working_shop, third) == 1250
    assert await moved(working_shop, third) == []
    cards = [*await moved(working_shop, order_id), *await moved(working_shop, second)]
    assert sum(minor for operation, minor in cards if operation == "refund") == 750
    await refund(working_shop, third, 1250)
    await until(working_shop, lambda: working_shop.db.pool.fetchval(PENDING))
    assert (await seen(working_shop, third)).status == "PAID"
    assert await violations(working_shop) == []


async def test_where_the_provider_refuses_what_goes_back_only_that_is_asked_for_again(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    await a_product(working_shop, "PEN", amount="3.00")
    order_id = await a_delivered_order(working_shop, "BOOK", 3)
    provider: Any = working_shop.db.peers[PaymentProvider]
    await provider.refund(await working_shop.db.pool.fetchval(KEY, order_id), Money(3000, "EUR"), f"{order_id}/behind")
    back = await received(working_shop, order_id, "BOOK", 1, PEN=1)
    await inspected(working_shop, back, restocked=1)
    for times in (1, 2):

        async def refused(times: int = times) -> bool:
            return bool(await working_shop.db.pool.fetchval(REFUSED, order_id) == times * 950)

        await until(working_shop, refused)
        if times == 1:
            again = await working_shop.dispatch(RetryRefund(return_id=back.id), STAFF)
            assert again.status == "INSPECTED", "nobody says that the buyer has money that they have not"
    assert await money(working_shop, order_id) == 3450, "the pen was paid once"


async def test_an_inspection_that_dies_leaves_no_credit_behind(
    working_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_product(working_shop, "BOOK")
    order_id = await a_delivered_order(working_shop, "BOOK", 3)
    back = await received(working_shop, order_id, "BOOK", 1, BOOK=1)

    def die(_name: str) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("tradewind.contexts.returns.inspect_return.command.failpoint", die)
        with pytest.raises(RuntimeError):
            await inspected(working_shop, back, restocked=1)
    assert await working_shop.db.pool.fetchval("SELECT count(*) FROM payments.credit") == 0
    assert await money(working_shop, order_id) == 3750
    await inspected(working_shop, back, restocked=1)
    await comes_to(working_shop, back.id, "REFUNDED")
    assert await violations(working_shop) == []


async def test_a_planted_bug_that_keeps_what_had_paid_for_it_turns_the_auditor_red(
    working_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.contexts.payments.refund_payment.claim.planted", lambda bug: bug == "credit_kept")
    _, settled = await exchanged(working_shop, "LAMP", method="decline")
    await order_comes_to(working_shop, settled.replacement_order_id, "CANCELED")
    await working_shop.db.pool.execute("UPDATE runtime.saga SET changed_at = now() - interval '1 h'")
    found = await violations(working_shop)
    assert found[0] == "credits"
    assert "1250 in minor units of what others paid for it are not given back" in found[1]
