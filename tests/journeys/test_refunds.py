"""R11: money goes back in parts or whole, and never more of it than was taken."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.journeys.test_trouble import provider_says
from tests.markets import Market, kinds

pytestmark = pytest.mark.xdist_group("journeys")


async def a_paid_order(market: Market, price: str = "100.00") -> str:
    buyer = market.somebody()
    order = (await buyer.order(await market.goods(stock=1, price=price))).json()
    await market.comes_to(buyer, order["id"], "PAID")
    return str(order["id"])


async def refund(market: Market, order_id: str, amount: str, **headers: str) -> Any:
    body = {"amount": float(amount), "currency": "EUR", "reason": "broken"}
    return await market.admin.post(f"/api/v1/orders/{order_id}/refunds", body, **headers)


async def refunded(market: Market, order_id: str, amount: float) -> dict[str, Any]:
    """The payment, once so much went back."""

    async def look() -> dict[str, Any] | None:
        found: dict[str, Any] = (await market.admin.get(f"/api/v1/orders/{order_id}/payment")).json()
        return found if found["refunded"] == amount else None

    payment: dict[str, Any] = await market.sees(look)
    return payment


async def test_money_goes_back_in_parts_until_nothing_is_left(market: Market) -> None:
    order_id = await a_paid_order(market)
    assert (await refund(market, order_id, "30.00")).status_code == 202
    assert (await refunded(market, order_id, 30.0))["status"] == "CAPTURED"
    too_much = await refund(market, order_id, "70.01")
    assert (too_much.status_code, too_much.json()["type"]) == (409, "/problems/refund-too-large")
    assert (await refund(market, order_id, "70.00")).status_code == 202
    assert (await refunded(market, order_id, 100.0))["status"] == "REFUNDED"
    assert kinds(await market.events(order_id)).count("payment.payment.refunded") == 2
    assert await provider_says(market, order_id) == {"authorization": 1, "capture": 1, "refund": 2}


async def test_fifty_refunds_at_once_never_exceed_what_was_captured(market: Market) -> None:
    order_id = await a_paid_order(market)
    answers = await asyncio.gather(*(refund(market, order_id, "6.00") for _ in range(50)))
    counted = Counter(answer.status_code for answer in answers)
    print(f"50 refunds of 6.00 at once against 100.00: {dict(counted)}")
    assert counted == {202: 16, 409: 34}
    await refunded(market, order_id, 96.0)
    assert (await provider_says(market, order_id))["refund"] == 16


async def test_a_refund_repeated_with_its_key_is_one_refund(market: Market) -> None:
    order_id = await a_paid_order(market)
    first, again = [await refund(market, order_id, "60.00", Idempotency_Key="back") for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    await refunded(market, order_id, 60.0)


async def test_goods_are_refunded_by_their_lines_and_no_piece_twice(market: Market) -> None:
    buyer = market.somebody()
    sku = await market.goods(stock=2, price="40.00")
    order = (await buyer.order(sku, qty=2)).json()
    await market.comes_to(buyer, order["id"], "PAID")
    path = f"/api/v1/orders/{order['id']}/refunds"
    one = await market.admin.post(path, {"lines": [{"sku": sku, "qty": 1}], "reason": "broken"})
    assert (one.status_code, one.json()["amount"], one.json()["currency"]) == (202, 40.0, "EUR")
    two = await market.admin.post(path, {"lines": [{"sku": sku, "qty": 2}], "reason": "broken"})
    assert (two.status_code, two.json()["type"]) == (409, "/problems/refunded-already")
    assert (await refunded(market, order["id"], 40.0))["status"] == "CAPTURED"
    assert await provider_says(market, order["id"]) == {"authorization": 1, "capture": 1, "refund": 1}
