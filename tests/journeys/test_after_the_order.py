"""Orders are changed, goods come back or never arrive, over HTTP; the auditor finds nothing after each."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from pytest_bdd import parsers, scenario, scenarios, then, when

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.journeys.conftest import BOTH, IDS
from tests.journeys.shopping import GERMANY, Shopper, Story, eventually
from tests.markets import Market, open_market
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings

pytestmark = [pytest.mark.xdist_group("after-the-order"), pytest.mark.usefixtures("market")]

SETTLE_S = 20.0
ELSEWHERE = {**GERMANY, "line1": "Kurze Straße 2"}

scenarios("features/edit.feature", "features/refunds.feature")


@pytest_asyncio.fixture(scope="module")
async def after_market(
    settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Market]:
    """A shop with a provider of its own, so that the auditor looks at nobody else's doings."""
    provider = await ProviderProcess(tmp_path_factory.mktemp("provider")).start()
    engines = replace(template, provider_url=provider.url)
    async with open_market(settings, engines, tmp_path_factory.mktemp("after")) as opened:
        yield opened
    await provider.stop()


@pytest.fixture(scope="module", params=["after_market", *BOTH[1:]], ids=IDS)
def market(request: pytest.FixtureRequest) -> Market:
    """One after the other."""
    found: Market = request.getfixturevalue(request.param)
    return found


@scenario("features/returns.feature", "Some of an order comes back and its part of the price goes back")
def test_some_of_an_order_comes_back_and_its_part_of_the_price_goes_back() -> None:
    """In Gherkin."""


@scenario("features/returns.feature", "An order that comes back in parts brings exactly what its goods cost")
def test_an_order_that_comes_back_in_parts_brings_exactly_what_its_goods_cost() -> None:
    """In Gherkin."""


@scenario("features/returns.feature", "What nobody wants back brings nothing")
def test_what_nobody_wants_back_brings_nothing() -> None:
    """In Gherkin."""


@scenario("features/returns.feature", "What came back is exchanged")
def test_what_came_back_is_exchanged() -> None:
    """In Gherkin."""


@scenario("features/returns.feature", "What came back is exchanged for something dearer")
def test_what_came_back_is_exchanged_for_something_dearer() -> None:
    """In Gherkin."""


@scenario("features/lost.feature", "A lost parcel is sent once more")
def test_a_lost_parcel_is_sent_once_more() -> None:
    """In Gherkin."""


@scenario("features/lost.feature", "A lost parcel is paid back")
def test_a_lost_parcel_is_paid_back() -> None:
    """In Gherkin."""


def _carry(story: Story, *acts: str) -> None:
    warehouse, order = story.staff("warehouse"), story.shopper.order["id"]
    eventually(lambda: story.order_of(story.shopper)["status"] == "PAID")
    shipment = warehouse.told("GET", f"/api/v1/orders/{order}/shipment")["id"]
    for act in acts:
        warehouse.told("POST", f"/api/v1/shipments/{shipment}/{act}")


@then("the parcel has reached them")
@when("the parcel has reached them")
def _delivered(story: Story) -> None:
    _carry(story, "dispatch", "deliver")
    eventually(lambda: story.order_of(story.shopper)["status"] == "FULFILLED")


@when("the parcel is lost on its way")
def _lost(story: Story) -> None:
    _carry(story, "dispatch", "in-transit", "lost")


@when("the warehouse sends it once more")
def _again(story: Story) -> None:
    _carry(story, "replace")
    shipment = f"/api/v1/orders/{story.shopper.order['id']}/shipment"  # another process may have to be asked first
    eventually(lambda: story.staff("warehouse").told("GET", shipment)["status"] == "READY")


@when("the shop pays everything back")
def _pay_back(story: Story) -> None:
    order, quote = story.shopper.order["id"], story.shopper.quote
    refund = {"amount": float(quote["total"]), "currency": quote["currency"], "reason": "the parcel is lost"}
    story.staff("admin").told("POST", f"/api/v1/orders/{order}/refunds", refund)


def _refund(story: Story, body: dict[str, object]) -> httpx2.Response:
    path = f"/api/v1/orders/{story.shopper.order['id']}/refunds"
    return story.staff("admin").send("POST", path, {"reason": "goodwill", **body})


@when(parsers.parse("the shop pays {amount} EUR back"))
def _pay_amount(story: Story, amount: str) -> None:
    assert _refund(story, {"amount": float(amount)}).status_code == 202


@when(parsers.parse('the shop pays {quantity:d} of "{name}" back'))
def _pay_goods(story: Story, quantity: int, name: str) -> None:
    assert _refund(story, {"lines": [{"sku": story.skus[name], "qty": quantity}]}).status_code == 202


def _payment(story: Story) -> dict[str, Any]:
    path = f"/api/v1/orders/{story.shopper.order['id']}/payment"
    told: dict[str, Any] = story.staff("support").told("GET", path)
    return told


@then(parsers.parse("{amount} EUR went back"))
def _went_back(story: Story, amount: str) -> None:
    eventually(lambda: _payment(story)["refunded"] == Decimal(amount))


@then("the rest can be paid back, and nothing beyond it")
def _rest(story: Story) -> None:
    before = _payment(story)
    rest = before["captured"] - before["refunded"]
    assert before["captured"] == story.order_of(story.shopper)["totalAmount"]
    too_much = _refund(story, {"amount": float(rest + Decimal("0.01"))})
    assert (too_much.status_code, too_much.json()["type"]) == (409, "/problems/refund-too-large")
    assert _refund(story, {"amount": float(rest)}).status_code == 202
    eventually(lambda: _payment(story)["refunded"] == before["captured"])


@then("they have everything back")
def _all_back(story: Story) -> None:
    path = f"/api/v1/orders/{story.shopper.order['id']}/payment"
    eventually(lambda: story.staff("support").told("GET", path)["refunded"] == story.shopper.quote["total"])


@when(parsers.parse('they ask to give {quantity:d} of "{name}" back'))
def _ask(story: Story, quantity: int, name: str) -> None:
    story.shopper.told("POST", _returns(story), _wish(story, quantity, name))


@when(parsers.parse('they ask for {quantity:d} of "{other}" instead of {back:d} of "{name}"'))
def _exchange(story: Story, quantity: int, other: str, back: int, name: str) -> None:
    wish = {**_wish(story, back, name), "exchange": [{"sku": story.skus[other], "qty": quantity}]}
    story.shopper.told("POST", _returns(story), wish)


@then(parsers.parse('{quantity:d} of "{name}" is on its way to them, paid for'))
def _exchanged(story: Story, quantity: int, name: str) -> None:
    path = f"/api/v1/orders/{_newest(story)['replacementOrderId']}"
    eventually(lambda: story.shopper.told("GET", path)["status"] == "PAID")
    order, warehouse = story.shopper.told("GET", path), story.staff("warehouse")
    assert [(line["sku"], line["qty"]) for line in order["items"]] == [(story.skus[name], quantity)]
    payment = story.staff("support").told("GET", f"{path}/payment")
    assert payment["captured"] == order["totalAmount"]
    shipment = warehouse.told("GET", f"{path}/shipment")
    assert (shipment["status"], shipment["address"]["line1"]) == ("READY", GERMANY["line1"])


@then(parsers.re(r"(?P<back>[\d.]+) EUR of that were paid by what came back, and (?P<card>nothing|[\d.]+ EUR) by card"))
def _difference(story: Story, back: str, card: str) -> None:
    other = _newest(story)["replacementOrderId"]
    payment = story.staff("support").told("GET", f"/api/v1/orders/{other}/payment")
    assert payment["prepaid"] == Decimal(back)
    assert payment["captured"] - payment["prepaid"] == Decimal(card.removesuffix(" EUR").replace("nothing", "0"))


@when("support lets it come back")
def _approve(story: Story) -> None:
    newest = _newest(story)["id"]
    assert story.shopper.send("POST", f"/api/v1/returns/{newest}/approve").status_code == 403
    story.staff("support").told("POST", f"/api/v1/returns/{newest}/approve")


@when(parsers.parse("the warehouse finds {sold:d} to sell again, {thrown:d} to throw away and {refused:d} to refuse"))
def _inspect(story: Story, sold: int, thrown: int, refused: int) -> None:
    newest, warehouse = _newest(story), story.staff("warehouse")
    path, sku = f"/api/v1/returns/{newest['id']}/receive", newest["lines"][0]["sku"]
    for fault in ({"warehouse": "NOWHERE"}, {"lines": [{"sku": sku, "warehouse": "NOWHERE"}]}):
        nowhere = warehouse.send("POST", path, fault)
        assert (nowhere.status_code, nowhere.json()["type"]) == (404, "/problems/no-such-warehouse")
    here = warehouse.told("POST", path, {"lines": [{"sku": sku, "warehouse": "MAIN"}]})
    assert [line["warehouse"] for line in here["lines"]] == ["MAIN"]
    found = {"sku": newest["lines"][0]["sku"], "restock": sold, "writeOff": thrown, "refuse": refused}
    warehouse.told("POST", f"/api/v1/returns/{newest['id']}/inspect", {"lines": [found]})
    again = warehouse.send("POST", f"/api/v1/returns/{newest['id']}/inspect", {"lines": [found]})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/illegal-move")
    eventually(lambda: _newest(story)["status"] == "REFUNDED")


@when(parsers.parse('they give {quantity:d} of "{name}" back and it is taken'))
def _taken(story: Story, quantity: int, name: str) -> None:
    _ask(story, quantity, name)
    _approve(story)
    _inspect(story, quantity, 0, 0)


@then(parsers.parse("they have {amount} EUR back"))
def _money_back(story: Story, amount: str) -> None:
    payment = story.staff("support").told("GET", f"/api/v1/orders/{story.shopper.order['id']}/payment")
    assert payment["refunded"] == Decimal(amount)
    returned = story.shopper.told("GET", _returns(story))["items"]
    assert sum(one["refundAmount"] for one in returned) == Decimal(amount)


@then(parsers.parse('they may give {quantity:d} of "{name}" back, and not {more:d}'))
def _no_more(story: Story, quantity: int, name: str, more: int) -> None:
    refused = story.shopper.send("POST", _returns(story), _wish(story, more, name))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/return-too-large")
    _ask(story, quantity, name)


@then("the auditor finds nothing")
def _clean(market: Market) -> None:
    assert asyncio.run(market.audited(SETTLE_S)) == []


def _returns(story: Story) -> str:
    return f"/api/v1/orders/{story.shopper.order['id']}/returns"


def _wish(story: Story, quantity: int, name: str) -> dict[str, object]:
    return {"lines": [{"sku": story.skus[name], "qty": quantity}], "reason": "DAMAGED"}


def _newest(story: Story) -> dict[str, Any]:
    newest: dict[str, Any] = story.shopper.told("GET", _returns(story))["items"][-1]
    return newest


def _path(story: Story) -> str:
    return f"/api/v1/orders/{story.shopper.order['id']}"


def _patch(story: Story, shopper: Shopper, body: Any, **headers: str) -> httpx2.Response:
    return shopper.send("PATCH", _path(story), body, **headers)


def _tag(story: Story) -> str:
    return story.shopper.send("GET", _path(story)).headers["ETag"]


def _edit(story: Story, body: Any) -> None:
    answer = _patch(story, story.shopper, body, **{"If-Match": _tag(story)})
    assert answer.status_code == 202, answer.text


def _wanted(story: Story, wanted: dict[str, int]) -> dict[str, Any]:
    return {"items": [{"sku": story.skus[name], "qty": quantity} for name, quantity in wanted.items()]}


@when("the order is paid")
def _paid(story: Story) -> None:
    eventually(lambda: story.order_of(story.shopper)["status"] == "PAID")


@when(parsers.parse('they change the order to {first:d} of "{one}" and {second:d} of "{other}"'))
def _change(story: Story, first: int, one: str, second: int, other: str) -> None:
    _edit(story, _wanted(story, {one: first, other: second}))


@when(
    parsers.parse(
        'they change the order to {first:d} of "{one}" and {second:d} of "{other}" by a card that is declined'
    )
)
def _change_in_vain(story: Story, first: int, one: str, second: int, other: str) -> None:
    _edit(story, {**_wanted(story, {one: first, other: second}), "paymentMethod": "simulated:decline"})


@when("they have it sent to another street")
def _elsewhere(story: Story) -> None:
    _edit(story, {"shippingAddress": ELSEWHERE})


@then("the change is done, and what they pay is what the order comes to")
def _done(story: Story) -> None:
    eventually(lambda: story.order_of(story.shopper)["edit"]["status"] == "DONE")
    order = story.order_of(story.shopper)
    payment = story.staff("support").told("GET", f"{_path(story)}/payment")
    assert payment["captured"] - payment["refunded"] == order["totalAmount"]
    lines = sum(line["qty"] * line["price"] for line in order["items"])
    assert order["totalAmount"] == lines + order["shippingAmount"] + order["taxAmount"] - order["discountAmount"]


@then(parsers.parse('the change is refused because of "{why}"'))
def _refused(story: Story, why: str) -> None:
    eventually(lambda: story.order_of(story.shopper)["edit"]["status"] == "REFUSED")
    order = story.order_of(story.shopper)
    assert (order["edit"]["why"], order["totalAmount"]) == (why, story.shopper.quote["total"])


@then(parsers.parse('the order has {first:d} of "{one}" and {second:d} of "{other}"'))
def _has(story: Story, first: int, one: str, second: int, other: str) -> None:
    items = story.order_of(story.shopper)["items"]
    has = [sum(line["qty"] for line in items if line["sku"] == story.skus[name]) for name in (one, other)]
    assert has == [first, second]


@then("the parcel goes there")
def _goes(story: Story) -> None:
    eventually(lambda: story.order_of(story.shopper)["edit"]["status"] == "DONE")
    shipment = story.staff("warehouse").told("GET", f"{_path(story)}/shipment")
    assert shipment["address"]["line1"] == ELSEWHERE["line1"]


@then(parsers.parse('they cannot have {quantity:d} of "{name}" in it'))
def _too_many(story: Story, quantity: int, name: str) -> None:
    answer = _patch(story, story.shopper, _wanted(story, {name: quantity}), **{"If-Match": _tag(story)})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-enough-stock")


@then("nobody else may change the order, and nobody who has not looked at it")
def _not_theirs(story: Story) -> None:
    wish = {"items": [{"sku": sku, "qty": 2} for sku in story.skus.values()]}
    other = Shopper(story.http)
    other.become_guest()
    for shopper, headers, status, problem in (
        (other, {"If-Match": "*"}, 404, "no-such-order"),
        (story.staff("warehouse"), {"If-Match": "*"}, 403, "forbidden"),
        (story.shopper, {}, 428, "version-missing"),
        (story.shopper, {"If-Match": '"1"'}, 412, "outdated"),
    ):
        answer = _patch(story, shopper, wish, **headers)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")


@then("once the parcel is on its way they cannot change it")
def _too_late(story: Story) -> None:
    _carry(story, "dispatch")
    answer = _patch(story, story.shopper, {"shippingAddress": ELSEWHERE}, **{"If-Match": _tag(story)})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-editable")
    assert story.order_of(story.shopper)["totalAmount"] == story.shopper.quote["total"]
    assert Decimal(0) < story.shopper.quote["total"]
