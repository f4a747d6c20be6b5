"""An order's walk over HTTP, from the shelf to the doormat, and every fork on which it turns back."""

import pytest

from tests.journeys.reasons import AT_ONCE
from tests.markets import Market, Person, kinds

pytestmark = pytest.mark.xdist_group("journeys")


async def test_an_order_walks_from_the_shelf_to_the_doormat(either_market: Market) -> None:
    market, buyer = either_market, either_market.somebody()
    sku = await market.goods(stock=5, price="19.99")
    placed = await buyer.order(sku, 2)
    assert placed.status_code == 201
    order = placed.json()
    assert placed.headers["location"] == f"/api/v1/orders/{order['id']}"
    assert placed.headers["preference-applied"] == "wait=20"
    assert order["status"] in ("CONFIRMED", "PAID")
    assert placed.text.count('"totalAmount":39.98')
    paid = await market.comes_to(buyer, order["id"], "PAID")
    assert [step["status"] for step in paid["history"]] == ["PENDING_RESERVATION", "RESERVED", "CONFIRMED", "PAID"]
    assert await market.stock(sku) == (3, 0)
    await _carry(market, order["id"])
    done = await market.comes_to(buyer, order["id"], "FULFILLED")
    assert done["history"][-1]["event"] == "ecommerce.order.order.fulfilled.v1"
    told = kinds(await market.events(order["id"]))
    assert [kind for kind in told if kind.startswith("order.")] == [
        "order.order.created", "order.order.confirmed", "order.order.paid", "order.order.fulfilled"
    ]  # fmt: skip
    assert {"inventory.reservation.reserved", "inventory.reservation.confirmed"} <= set(told)


async def _carry(market: Market, order_id: str) -> None:
    warehouse = market.somebody("warehouse")
    shipment = (await warehouse.get(f"/api/v1/orders/{order_id}/shipment")).json()
    assert shipment["status"] == "READY"
    for act, status in (("dispatch", "DISPATCHED"), ("in-transit", "IN_TRANSIT"), ("deliver", "DELIVERED")):
        answer = await warehouse.post(f"/api/v1/shipments/{shipment['id']}/{act}")
        assert (answer.status_code, answer.json()["status"]) == (200, status)


async def test_a_guest_gets_a_token_and_sees_only_orders_of_their_own(market: Market) -> None:
    issued = await market.nobody.post("/api/v1/auth/guest")
    assert issued.status_code == 200
    assert issued.json()["token_type"] == "Bearer"
    buyer, other = Person(market.http, issued.json()["access_token"]), market.somebody()
    order = (await buyer.order(await market.goods(stock=1))).json()

    async def listed() -> list[str]:
        return [one["id"] for one in (await buyer.get("/api/v1/orders")).json()["items"]]

    assert await market.sees(listed) == [order["id"]]
    assert (await other.get("/api/v1/orders")).json()["items"] == []


async def test_an_order_without_a_payment_method_waits_until_it_is_paid(either_market: Market) -> None:
    market, buyer = either_market, either_market.somebody()
    sku = await market.goods(stock=1)
    order = (await buyer.order(sku, pays=None)).json()
    await market.comes_to(buyer, order["id"], "PENDING_PAYMENT")
    assert await market.stock(sku) == (1, 1)
    paid = await buyer.post(
        f"/api/v1/orders/{order['id']}/pay", {"paymentMethod": "simulated:approve"}, Prefer="wait=20"
    )
    assert paid.status_code == 202
    assert paid.json()["status"] in ("CONFIRMED", "PAID")
    await market.comes_to(buyer, order["id"], "PAID")
    again = await buyer.post(f"/api/v1/orders/{order['id']}/pay", {"paymentMethod": "simulated:approve"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/not-payable")


async def test_a_buyer_calls_an_order_off_while_it_is_pending_and_not_later(either_market: Market) -> None:
    market, buyer = either_market, either_market.somebody()
    sku = await market.goods(stock=3)
    pending = (await buyer.order(sku, pays=None)).json()
    await market.comes_to(buyer, pending["id"], "PENDING_PAYMENT")
    off = await buyer.post(f"/api/v1/orders/{pending['id']}/cancel", {"reason": "changed my mind"}, Prefer="wait=20")
    assert (off.status_code, off.json()["status"], off.json()["why"]) == (202, "CANCELED", "changed my mind")
    assert await market.stock(sku) == (3, 0)
    paid = (await buyer.order(sku)).json()
    late = await buyer.post(f"/api/v1/orders/{paid['id']}/cancel")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/not-cancelable")
    assert (await market.comes_to(buyer, paid["id"], "PAID"))["status"] == "PAID"


async def test_a_declined_payment_gives_the_goods_back_and_cancels_the_order(either_market: Market) -> None:
    market, buyer = either_market, either_market.somebody()
    sku = await market.goods(stock=2)
    order = (await buyer.order(sku, 2, pays="decline")).json()
    assert order["status"] == "CANCELED"
    assert order["why"].startswith("payment declined")
    assert await market.stock(sku) == (2, 0)
    told = kinds(await market.events(order["id"]))
    failed, released, canceled = (
        told.index(kind)
        for kind in ("payment.payment.failed", "inventory.reservation.released", "order.order.canceled")
    )
    assert failed < released < canceled


async def test_goods_that_nobody_carries_are_put_back_and_the_payment_let_go(either_market: Market) -> None:
    market, buyer = either_market, either_market.somebody()
    sku = await market.goods(stock=2)
    order = (await buyer.order(sku, shippingAddress={"country": "AQ"})).json()
    assert (order["status"], order["why"]) == ("CANCELED", "nobody carries goods to Antarctica")
    assert await market.stock(sku) == (2, 0)
    payment = (await market.admin.get(f"/api/v1/orders/{order['id']}/payment")).json()
    assert (payment["status"], payment["captured"]) == ("VOIDED", 0)
    told = kinds(await market.events(order["id"]))
    assert "shipping.shipment.unavailable" in told
    assert told.index("inventory.reservation.confirmed") < told.index("inventory.reservation.released")


@pytest.mark.one_process_tree(AT_ONCE)
async def test_an_order_that_cannot_be_served_is_refused_with_its_skus(market: Market) -> None:
    sku = await market.goods(stock=1)
    before = await market.content()
    refused = await market.somebody().order(sku, 2)
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["type"], refused.json()["skus"]) == ("/problems/not-enough-stock", [sku])
    after = await market.content()
    written = {table for table in after if after[table] != before[table]}
    assert not written & {"orders.order_items", "inventory.inventory_stock", "inventory.reservation"}


async def test_an_order_whose_saga_finds_no_stock_is_canceled(saga_market: Market) -> None:
    market, buyer = saga_market, saga_market.somebody()
    sku = await market.goods(stock=1)
    order = await buyer.order(sku, 2)
    assert order.status_code == 201
    assert (order.json()["status"], order.json()["why"]) == ("CANCELED", f"out of stock: {sku}")
    assert await market.stock(sku) == (1, 0)
    assert kinds(await market.events(order.json()["id"]))[-1] == "order.order.canceled"
