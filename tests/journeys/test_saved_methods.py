"""Orders are paid with payment methods that their buyers keep, and with nobody else's."""

import pytest
from msgspec.structs import replace

from tests.builders import a_product
from tests.journeys.reasons import ONE_PROCESS
from tests.shops import Shop, a_call, until
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contexts.orders.pay_order.command import PayOrder
from tradewind.contexts.orders.place_order.paying import UnknownPaymentMethod
from tradewind.contexts.payments.list_methods.query import ListMethods
from tradewind.contexts.payments.remove_method.command import NoSuchPaymentMethod, RemoveMethod
from tradewind.contexts.payments.save_method.command import MethodView, SaveMethod
from tradewind.runtime.call import Call

pytestmark = [pytest.mark.xdist_group("journeys"), pytest.mark.one_process_tree(ONE_PROCESS)]
ADA, BOB = a_call("customer", subject="ada"), a_call("customer", subject="bob")
CARD = SaveMethod(
    token="simulated:approve",
    brand="Visa",
    last4="4242",
    exp_month=12,
    exp_year=2030,
    default=False,
    provider="simulated",
)


async def mine(shop: Shop, call: Call) -> list[MethodView]:
    return list((await shop.dispatch(ListMethods(), call)).items)


async def test_nobody_pays_with_or_removes_what_is_anothers(working_shop: Shop) -> None:
    shop = working_shop
    sku = await a_product(shop, "BOOK")
    kept = await shop.dispatch(CARD, ADA)
    order = PlaceOrder(items=(OrderLine(sku=sku, qty=1),), shipping_address={"country": "DE"})
    for method in (f"saved:{kept.id}", "saved:default", "saved:", "saved:nonsense"):
        with pytest.raises(UnknownPaymentMethod):
            await shop.dispatch(replace(order, payment_method=method), BOB)
    with pytest.raises(NoSuchPaymentMethod):
        await shop.dispatch(RemoveMethod(payment_method_id=kept.id), BOB)
    waiting = await shop.dispatch(order, BOB)
    with pytest.raises(UnknownPaymentMethod):
        await shop.dispatch(PayOrder(order_id=waiting.id, payment_method=f"saved:{kept.id}"), BOB)
    assert await mine(shop, BOB) == []
    assert len(await mine(shop, ADA)) == 1


async def test_an_order_is_paid_with_what_its_buyer_keeps(working_shop: Shop) -> None:
    shop = working_shop
    sku = await a_product(shop, "BOOK")
    kept = await shop.dispatch(CARD, ADA)
    order = PlaceOrder(items=(OrderLine(sku=sku, qty=1),), shipping_address={"country": "DE"})
    placed = [await shop.dispatch(replace(order, payment_method=f"saved:{name}"), ADA) for name in (kept.id, "default")]
    waiting = await shop.dispatch(order, ADA)
    await shop.dispatch(PayOrder(order_id=waiting.id, payment_method="saved:default"), ADA)
    paid = "SELECT count(*) FROM payments.payments WHERE status = 'CAPTURED' AND method = 'simulated:approve'"

    async def all_paid() -> bool:
        return bool(await shop.db.pool.fetchval(paid) == len(placed) + 1)

    await until(shop, all_paid)
