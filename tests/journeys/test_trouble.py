"""Orders whose payment goes wrong in every way that the simulated provider knows, and goods that are held too long."""

from typing import Any, Final

import aiohttp
import pytest

from tests.markets import Market, kinds

pytestmark = pytest.mark.xdist_group("journeys")

OVERDUE: Final = "UPDATE inventory.reservation SET expires_at = now() - interval '1 second' WHERE order_id = $1"


async def provider_says(market: Market, order_id: str) -> dict[str, int]:
    """What the provider's own ledger has of an order, in minor units: authorized, captured, refunded."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{market.shop.engines.provider_url}/v1/ledger/{order_id}") as answer,
    ):
        entries: list[dict[str, Any]] = (await answer.json())["operations"]
    sums: dict[str, int] = {}
    for entry in entries:
        if entry["outcome"] == "approved":
            sums[entry["operation"]] = sums.get(entry["operation"], 0) + 1
    return sums


async def _payment(market: Market, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await market.admin.get(f"/api/v1/orders/{order_id}/payment")).json()
    return found


LOSSES: Final = ("lost-answer", "torn-answer", "garbled", "error-1", "error-after", "slow-50", "timeout-after")


@pytest.mark.parametrize("pays", LOSSES)
async def test_an_authorization_whose_answer_is_lost_is_still_one(either_market: Market, pays: str) -> None:
    market, buyer = either_market, either_market.somebody()
    sku = await market.goods(stock=1)
    order = (await buyer.order(sku, pays=pays)).json()
    await market.comes_to(buyer, order["id"], "PAID")
    assert await provider_says(market, order["id"]) == {"authorization": 1, "capture": 1}
    assert await market.stock(sku) == (0, 0)


@pytest.mark.parametrize("pays", ["lost-capture", "error-after-capture"])
async def test_a_capture_whose_answer_is_lost_is_still_one(either_market: Market, pays: str) -> None:
    market, buyer = either_market, either_market.somebody()
    order = (await buyer.order(await market.goods(stock=1), pays=pays)).json()
    await market.comes_to(buyer, order["id"], "PAID")
    assert await provider_says(market, order["id"]) == {"authorization": 1, "capture": 1}
    payment = await _payment(market, order["id"])
    assert (payment["status"], payment["captured"]) == ("CAPTURED", 12.5)


async def test_a_provider_that_never_answers_fails_the_order_and_lets_the_money_go(market: Market) -> None:
    buyer, sku = market.somebody(), await market.goods(stock=1)
    order = (await buyer.order(sku, pays="timeout")).json()
    failed = await market.comes_to(buyer, order["id"], "FAILED", "CANCELED")
    assert failed["status"] == "FAILED"
    assert await market.stock(sku) == (1, 0)
    assert (await _payment(market, order["id"]))["status"] == "VOIDED"
    assert (await provider_says(market, order["id"])).get("capture", 0) == 0
    assert kinds(await market.events(order["id"]))[-1] == "order.order.failed"


async def test_goods_that_nobody_pays_for_in_time_are_free_again(either_market: Market) -> None:
    market, buyer = either_market, either_market.somebody()
    sku = await market.goods(stock=1)
    order = (await buyer.order(sku, pays=None)).json()
    await market.comes_to(buyer, order["id"], "PENDING_PAYMENT")
    await market.stock_pool.execute(OVERDUE, order["id"])
    off = await market.comes_to(buyer, order["id"], "CANCELED")
    assert off["why"] == "the reservation expired"
    assert await market.stock(sku) == (1, 0)
    assert "inventory.reservation.expired" in kinds(await market.events(order["id"]))
    late = await buyer.post(f"/api/v1/orders/{order['id']}/pay", {"paymentMethod": "simulated:approve"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/not-payable")
