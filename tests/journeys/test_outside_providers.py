"""Orders paid by Stripe and Adyen whose answers and notices go wrong: one charge or none, one state, books that fit."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.outside import adyen_server, stripe_server
from tests.adapters.payment_provider.outside.adyen_server import AdyenServer, redirect_result
from tests.adapters.payment_provider.outside.counterpart import Running, outside
from tests.adapters.payment_provider.outside.stripe_server import StripeServer
from tests.adapters.payment_provider.parties import SECRETS
from tests.challenges import a_challenged_order, answer
from tests.journeys.reasons import OWN_SETTINGS
from tests.markets import Market, kinds, open_market
from tradewind.adapters.payment_provider.wire import WEBHOOK, Endpoint
from tradewind.app.audit import audit
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.runtime.call import internal_call
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.advance import Compensate

pytestmark = [pytest.mark.xdist_group("outside-providers"), pytest.mark.one_process_tree(OWN_SETTINGS)]

PAID: Final = {"authorization": 1, "capture": 1}
MISHAPS: Final = ("lost-answer", "torn-answer", "garbled", "error-1", "error-after", "slow-50")
NOTICES: Final = ("before", "at", "after", "doubled", "processing", "late")
CHOSEN: Final = {
    "stripe": {"payment_provider": "stripe", "stripe_key": stripe_server.SECRET_KEY},
    "adyen": {"payment_provider": "adyen", "adyen_key": adyen_server.API_KEY, "adyen_account": adyen_server.ACCOUNT},
}
SECRET_OF: Final = {"stripe": "stripe_webhook_secrets", "adyen": "adyen_webhook_hmac_keys"}


@dataclass
class Place:
    """A served shop and the outside provider that it was given."""

    name: str
    market: Market
    stand: Running

    async def moved(self, order_id: str) -> dict[str, int]:
        """How often money moved for an order, by the provider's own books."""
        sums: dict[str, int] = {}
        for line in await self.stand.ledger(order_id):
            if line.minor:
                sums[line.operation] = sums.get(line.operation, 0) + 1
        return sums


@pytest_asyncio.fixture(scope="module", params=["stripe", "adyen"])
async def place(
    request: pytest.FixtureRequest, settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Place]:
    """One after the other, each with an edge and a worker of its own."""
    name: str = request.param
    async with AsyncExitStack() as stack:
        folder, kind = tmp_path_factory.mktemp(name), {"stripe": StripeServer, "adyen": AdyenServer}[name]
        stand = Running(await stack.enter_async_context(outside(folder, kind)))
        chosen: dict[str, Any] = {**CHOSEN[name], f"{name}_url": stand.url}
        more = {f"TRADEWIND_{field.upper()}": value for field, value in chosen.items()}
        more[f"TRADEWIND_{SECRET_OF[name].upper()}"] = SECRETS[name]
        chosen |= {SECRET_OF[name]: (SECRETS[name],)}
        inside = replace(settings, **chosen)
        engines = replace(template, provider_url=stand.url)  # whose ledger the auditor reads
        market = await stack.enter_async_context(
            open_market(inside, engines, tmp_path_factory.mktemp(f"market-{name}"), more=more)
        )
        here = f"{market.urls[0]}/api/v1/payment-providers/{name}/webhooks"
        await stand.send("POST", WEBHOOK, msgspec.json.encode(Endpoint(url=here, secret=SECRETS[name])))
        yield Place(name, market, stand)


async def paid(place: Place, pays: str) -> str:
    """Order one thing and see it paid; the order's id."""
    market, buyer = place.market, place.market.somebody("customer")
    sku = await market.goods(stock=1)
    order = (await buyer.order(sku, pays=pays)).json()
    await market.comes_to(buyer, order["id"], "PAID")
    assert await market.stock(sku) == (0, 0)
    found: str = order["id"]
    return found


@pytest.mark.parametrize("pays", ["approve", *MISHAPS])
async def test_an_authorization_whose_answer_goes_wrong_is_charged_once(place: Place, pays: str) -> None:
    assert await place.moved(await paid(place, pays)) == PAID


@pytest.mark.parametrize("fault", ["timeout", "error", "timeout-after", "lost-answer", "error-after"])
async def test_a_capture_whose_answer_goes_wrong_is_taken_once(place: Place, fault: str) -> None:
    await place.stand.strike("capture", fault)
    assert await place.moved(await paid(place, "approve")) == PAID


@pytest.mark.parametrize("fault", ["timeout", "timeout-after"])
async def test_a_time_out_before_or_after_the_charge_leaves_one_charge(place: Place, fault: str) -> None:
    await place.stand.strike("authorization", fault)
    assert await place.moved(await paid(place, "approve")) == PAID


async def test_a_decline_cancels_the_order_and_moves_nothing(place: Place) -> None:
    market, buyer = place.market, place.market.somebody("customer")
    sku = await market.goods(stock=1)
    order = (await buyer.order(sku, pays="decline")).json()
    off = await market.comes_to(buyer, order["id"], "CANCELED")
    assert off["why"] == "payment declined: insufficient_funds"
    assert await market.stock(sku) == (1, 0)
    assert await place.moved(order["id"]) == {}


@pytest.mark.parametrize("when", NOTICES)
async def test_a_notice_before_at_after_or_twice_leaves_one_charge_and_one_state(place: Place, when: str) -> None:
    assert await place.moved(await paid(place, f"notice-{when}")) == PAID


@pytest.mark.parametrize("when", ["at", "doubled", "processing"])
async def test_the_notice_of_a_confirmed_challenge_pays_the_order(place: Place, when: str) -> None:
    market, buyer = place.market, place.market.somebody("customer")
    order = await a_challenged_order(market, buyer, f"challenge-{when}")
    assert await place.moved(order["id"]) == {}
    await answer(order["nextAction"]["url"], "confirm")
    await market.comes_to(buyer, order["id"], "PAID")
    assert await place.moved(order["id"]) == PAID


@pytest.mark.parametrize(("word", "status"), [("confirm", "PAID"), ("fail", "CANCELED")])
async def test_a_buyer_who_comes_back_with_what_their_browser_was_given_is_believed_by_the_provider_alone(
    place: Place, word: str, status: str
) -> None:
    market, buyer = place.market, place.market.somebody("customer")
    order = await a_challenged_order(market, buyer, "challenge-never")
    await answer(order["nextAction"]["url"], word)
    verify, proof = f"/api/v1/orders/{order['id']}/payment/verify", ""
    if isinstance(stand := place.stand.outside, AdyenServer):
        proof = next(redirect_result(one) for one in stand.calls.values() if order["id"] in one.reference)
        assert (await buyer.post(f"{verify}?redirectResult=made-up")).status_code == 202
        assert (await buyer.post(f"{verify}?redirectResult=4242424242424242")).status_code == 422
    assert (await buyer.post(f"{verify}?redirectResult={proof or 'none'}")).status_code == 202
    await market.comes_to(buyer, order["id"], status)
    assert await place.moved(order["id"]) == (PAID if status == "PAID" else {})


async def test_the_notice_of_a_failed_challenge_cancels_the_order(place: Place) -> None:
    market, buyer = place.market, place.market.somebody("customer")
    order = await a_challenged_order(market, buyer)
    await answer(order["nextAction"]["url"], "fail")
    off = await market.comes_to(buyer, order["id"], "CANCELED")
    assert off["why"] == "payment declined: challenge_failed"
    assert await place.moved(order["id"]) == {}


async def test_a_buyer_who_confirms_after_the_cancellation_keeps_their_money(place: Place) -> None:
    market, buyer = place.market, place.market.somebody("customer")
    order = await a_challenged_order(market, buyer)
    canceled = await buyer.post(f"/api/v1/orders/{order['id']}/cancel", Prefer="wait=20")
    assert canceled.json()["status"] == "CANCELED"
    await answer(order["nextAction"]["url"], "confirm")

    async def nothing_held() -> bool:
        moved = await place.moved(order["id"])
        return moved.get("authorization", 0) == moved.get("void", 0)

    await market.sees(nothing_held)
    assert (await place.moved(order["id"])).get("capture") is None
    assert (await buyer.get(f"/api/v1/orders/{order['id']}")).json()["status"] == "CANCELED"


async def test_a_refund_gives_the_money_back_once(place: Place) -> None:
    market = place.market
    order_id = await paid(place, "approve")
    await place.stand.strike("refund", "lost-answer")
    asked = await market.admin.post(f"/api/v1/orders/{order_id}/refunds", {"amount": 5, "reason": "a scratch"})
    assert asked.status_code == 202, asked.text

    async def given_back() -> bool:
        payment = (await market.admin.get(f"/api/v1/orders/{order_id}/payment")).json()
        return float(payment["refunded"]) == 5.0

    await market.sees(given_back)
    assert await place.moved(order_id) == {**PAID, "refund": 1}


async def test_a_capture_that_fails_later_is_followed_by_the_books_and_seen_by_staff(place: Place) -> None:
    stand = place.stand.outside
    if not isinstance(stand, AdyenServer):
        pytest.skip("stripe says at once whether it captures")
    stand.withheld = []
    market, buyer = place.market, place.market.somebody("customer")
    sku = await market.goods(stock=1)
    order = (await buyer.order(sku, pays="decline-capture")).json()
    await market.comes_to(buyer, order["id"], "PAID")
    stand.tell_withheld()

    async def seen() -> Any:
        payment = (await market.admin.get(f"/api/v1/orders/{order['id']}/payment")).json()
        return payment if payment.get("status") == "CAPTURE_FAILED" else None

    await market.sees(seen)
    payment = await seen()
    assert (payment["captured"], payment["why"]) == (0, "The bank takes back its promise.")
    assert "payment.payment.capture_failed" in kinds(await market.events(order["id"]))

    async def held_back() -> bool:
        found = (await market.admin.get(f"/api/v1/orders/{order['id']}/shipment")).json()
        return bool(found["status"] == "PLANNED")

    await market.sees(held_back)
    report = await audit(place.market.shop.engines.database_url, None, settle_s=20)
    assert [check.name for check in report.checks if not check.ok] == ["payments"]
    assert any("CAPTURE_FAILED: The bank takes back its promise." in line for line in report.lines())
    async with market.shop.db.transaction(internal_call("test")) as tx:
        await signals.mend(tx, PLACE_ORDER, UUID(order["id"]), Compensate("the money never came"))
    await market.comes_to(buyer, order["id"], "CANCELED")
    assert await market.stock(sku) == (1, 0)
    assert await place.moved(order["id"]) == {"authorization": 1, "void": 1}


async def test_a_forged_notice_is_refused(place: Place) -> None:
    path = f"/api/v1/payment-providers/{place.name}/webhooks"
    body = {"id": "evt_1", "data": {"object": {"object": "payment_intent", "metadata": {}}}, "created": 1}
    assert (await place.market.nobody.post(path, body)).status_code in (401, 422)
    other = "adyen" if place.name == "stripe" else "stripe"
    assert (await place.market.nobody.post(f"/api/v1/payment-providers/{other}/webhooks", body)).status_code == 404


async def test_the_books_fit_and_no_secret_was_logged(place: Place) -> None:
    """Last in this file: what all the others left behind."""
    report = await audit(place.market.shop.engines.database_url, place.stand.url, settle_s=20)
    assert report.ok, "\n".join(report.lines())
    logs = place.market.logs()
    for secret in (stripe_server.SECRET_KEY, adyen_server.API_KEY, *SECRETS.values()):
        assert secret not in logs
