"""The buyer must prove themselves first: they are told where, and their return or the provider's notice goes on."""

import pytest

from tests.challenges import a_challenged_order, answer, provider_tells
from tests.journeys.test_trouble import provider_says
from tests.markets import Market, kinds

pytestmark = pytest.mark.xdist_group("journeys")
VERIFY = "/api/v1/orders/{}/payment/verify"
TIME_IS_UP = "UPDATE payments.challenge SET until = now() WHERE order_id = $1::text::uuid"


async def test_a_buyer_who_confirms_and_comes_back_has_an_order_that_is_paid(market: Market) -> None:
    buyer = market.somebody("customer")
    order = await a_challenged_order(market, buyer, "challenge-never")
    assert (order["status"], order["nextAction"]["type"]) == ("RESERVED", "redirect")
    payment = (await market.admin.get(f"/api/v1/orders/{order['id']}/payment")).json()
    assert (payment["status"], payment["nextAction"]) == ("REQUIRES_ACTION", order["nextAction"]["url"])
    assert await provider_says(market, order["id"]) == {}
    await answer(order["nextAction"]["url"], "confirm")
    back = await buyer.post(VERIFY.format(order["id"]), Prefer="wait=20")
    assert (back.status_code, "nextAction" in back.json()) == (202, False)
    await market.comes_to(buyer, order["id"], "PAID")
    told = [kind for kind in kinds(await market.events(order["id"])) if kind.startswith("payment.")]
    assert told == [f"payment.payment.{step}" for step in ("initiated", "action_required", "authorized", "captured")]
    assert await provider_says(market, order["id"]) == {"authorization": 1, "capture": 1}


async def test_the_providers_notice_alone_is_enough(market: Market) -> None:
    await provider_tells(market)
    buyer = market.somebody("customer")
    order = await a_challenged_order(market, buyer, "challenge-after")
    await answer(order["nextAction"]["url"], "confirm")
    await market.comes_to(buyer, order["id"], "PAID")


async def test_a_token_of_a_card_that_is_always_challenged_is_challenged(market: Market) -> None:
    sku, buyer = await market.goods(stock=1), market.somebody("customer")
    body = {"items": [{"sku": sku, "qty": 1}], "paymentMethod": "tok_3ds_visa", "shippingAddress": {"country": "GB"}}
    order = (await buyer.post("/api/v1/orders", body, Prefer="wait=20")).json()
    await answer(order["nextAction"]["url"], "fail")
    await buyer.post(VERIFY.format(order["id"]))
    off = await market.comes_to(buyer, order["id"], "CANCELED")
    assert off["why"] == "payment declined: challenge_failed"
    assert await market.stock(sku) == (1, 0)


async def test_a_buyer_who_comes_back_without_an_answer_is_asked_again_and_strangers_are_told_nothing(
    market: Market,
) -> None:
    buyer, stranger = market.somebody("customer"), market.somebody("customer")
    order = await a_challenged_order(market, buyer)
    for _ in range(2):
        assert (await buyer.post(VERIFY.format(order["id"]))).status_code == 202
        again = (await buyer.get(f"/api/v1/orders/{order['id']}")).json()
        assert again["nextAction"] == order["nextAction"]
    assert (await stranger.post(VERIFY.format(order["id"]))).status_code == 404
    canceled = await buyer.post(f"/api/v1/orders/{order['id']}/cancel", Prefer="wait=20")
    assert canceled.json()["status"] == "CANCELED"
    await answer(order["nextAction"]["url"], "confirm")
    late = await buyer.post(VERIFY.format(order["id"]))
    assert (late.status_code, late.json()["status"]) == (202, "CANCELED")
    assert (await provider_says(market, order["id"])).get("capture") is None


async def test_a_challenge_that_nobody_answers_ends_and_everything_is_undone(market: Market) -> None:
    buyer = market.somebody("customer")
    sku = await market.goods(stock=1)
    order = (await buyer.order(sku, pays="challenge")).json()
    await market.money_pool.execute(TIME_IS_UP, order["id"])
    await buyer.post(VERIFY.format(order["id"]))
    off = await market.comes_to(buyer, order["id"], "FAILED", "CANCELED")
    assert off["why"] == "the buyer did not confirm the payment in time"
    assert await market.stock(sku) == (1, 0)
    await answer(order["nextAction"]["url"], "confirm")
    assert [line for line in await market.audited(5) if order["id"] in line] == []
