"""A partner of the shop, over HTTP from the first word on: what it is told, whether it can trust it, what it missed."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio
from standardwebhooks import Webhook, WebhookVerificationError
from typer.testing import CliRunner, Result

from tests.journeys.conftest import BOTH, IDS
from tests.markets import Market, Person, open_market
from tests.partners import Heard, Partners, partners
from tradewind.app.commands.dlq import app
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contracts.inventory import InventoryReserved, ReservationConfirmed
from tradewind.contracts.orders import OrderConfirmed, OrderPaid, OrderPlaced
from tradewind.contracts.payments import PaymentAuthorized, PaymentCaptured, PaymentInitiated

pytestmark = pytest.mark.xdist_group("after-the-order")

SUBSCRIPTIONS = "/api/v1/webhook-subscriptions"
TYPES = [event.TYPE for event in (OrderPlaced, OrderConfirmed, OrderPaid)]
OF_GOODS = [event.TYPE for event in (InventoryReserved, ReservationConfirmed)]
OF_MONEY = [event.TYPE for event in (PaymentInitiated, PaymentAuthorized, PaymentCaptured)]
ALLOWED = ("127.0.0.0/8",)
SUBSCRIBED = "SELECT id FROM webhooks.webhook_subscriptions ORDER BY id"


@pytest_asyncio.fixture(scope="module")
async def partner_market(
    settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Market]:
    """A shop that may post to this machine."""
    folder = tmp_path_factory.mktemp("partner")
    async with open_market(replace(settings, webhook_allow=ALLOWED), template, folder) as opened:
        yield opened


@pytest.fixture(scope="module", params=["partner_market", *BOTH[1:]], ids=IDS)
def market(request: pytest.FixtureRequest) -> Market:
    """One after the other."""
    found: Market = request.getfixturevalue(request.param)
    return found


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Partners]:
    """Where partners listen."""
    async with partners() as listening:
        yield listening


@dataclass
class Partner:
    """Somebody with a subscription."""

    market: Market
    server: Partners
    me: Person
    name: str
    id: str
    secret: str

    async def heard(self, count: int) -> list[Heard]:
        """What arrived, once it is so much."""

        async def look() -> list[Heard] | None:
            return found if len(found := self.server.heard[self.name]) >= count else None

        found: list[Heard] = await self.market.sees(look)
        assert len(found) == count, [one.event for one in found]
        return found

    async def told(self, method: str, path: str = "", body: Any = None) -> Any:
        """What the shop answers about the subscription."""
        answer = await self.me.send(method, f"{SUBSCRIPTIONS}/{self.id}{path}", body)
        assert answer.is_success, answer.text
        return answer.json() if answer.text else None


async def a_partner(market: Market, server: Partners, name: str, **changed: Any) -> Partner:
    """One who hears of orders."""
    wish = {"url": f"{server.url}/{name}", "eventTypes": TYPES, "filter": {"currency": ["EUR"]}} | changed
    answer = await market.admin.post(SUBSCRIPTIONS, wish)
    assert answer.status_code == 201, answer.text
    return Partner(market, server, market.admin, name, **answer.json())


async def an_order(market: Market) -> str:
    """An order that was paid; its id."""
    buyer, sku = market.somebody("customer"), await market.goods(5)
    order: str = (await buyer.order(sku)).json()["id"]
    await market.comes_to(buyer, order, "PAID")
    return order


def verified(heard: Heard, *secrets: str) -> bool:
    """Whether the official library takes the message for genuine by each of the secrets."""
    headers = {name.lower(): value for name, value in heard.headers.items()}
    try:
        return all(Webhook(secret).verify(heard.body, headers) for secret in secrets)
    except WebhookVerificationError:
        return False


async def test_nobody_but_an_administrator_subscribes_and_nothing_inside_is_called(market: Market) -> None:
    wish = {"url": "https://partner.example/hook", "eventTypes": TYPES}
    before = await market.shop.db.pool.fetch(SUBSCRIBED)
    assert (await market.nobody.post(SUBSCRIPTIONS, wish)).status_code == 401
    assert (await market.somebody("customer").post(SUBSCRIPTIONS, wish)).status_code == 403
    inside = await market.admin.post(SUBSCRIPTIONS, {**wish, "url": "https://169.254.169.254/latest"})
    assert (inside.status_code, inside.json()["type"]) == (422, "/problems/unfit-url")
    people = await market.admin.post(SUBSCRIPTIONS, {**wish, "eventTypes": ["ecommerce.identity.user.registered.v1"]})
    assert (people.status_code, people.json()["type"]) == (422, "/problems/unknown-event-type")
    assert await market.shop.db.pool.fetch(SUBSCRIBED) == before


async def test_a_partner_hears_of_an_order_in_order_signed_and_once_and_knows_each_again(
    market: Market, server: Partners
) -> None:
    partner = await a_partner(market, server, "hears")
    first, second = await an_order(market), await an_order(market)
    heard = await partner.heard(6)
    for order in (first, second):
        about = [one.event["eventType"] for one in heard if one.event["partitionKey"] == order]
        assert about == TYPES, "in the order in which it happened"
    assert sorted(one.sequence for one in heard) == list(range(1, 7)), "without a gap"
    assert len({one.id for one in heard}) == 6
    assert all(one.id == one.event["eventId"] for one in heard)
    assert all(verified(one, partner.secret) for one in heard)
    assert not verified(heard[0], (await a_partner(market, server, "other")).secret)

    async def booked() -> bool:
        log = (await partner.told("GET", "/deliveries"))["items"]
        return [(one["sequence"], one["status"], len(one["log"])) for one in log] == [
            (number, "DELIVERED", 1) for number in range(1, 7)
        ]

    await market.sees(booked)


async def test_a_partner_hears_of_goods_and_money_whoever_keeps_them_once_and_in_order(
    market: Market, server: Partners
) -> None:
    wish = {"eventTypes": OF_GOODS + OF_MONEY, "filter": {}}
    partner = await a_partner(market, server, "elsewhere", **wish)
    orders = [await an_order(market) for _ in range(3)]
    each = len(wish["eventTypes"])

    def heard() -> list[Heard]:
        return [one for one in server.heard[partner.name] if one.event["partitionKey"] in orders]

    async def all_told() -> bool:
        return len(heard()) >= each * len(orders)

    await market.sees(all_told)
    assert await market.audited(20.0, money=False) == []  # and until then nothing more is on its way
    everything = [one.sequence for one in server.heard[partner.name]]
    assert sorted(everything) == list(range(1, len(everything) + 1)), "without a gap"
    for order in orders:
        about = [one.event["eventType"] for one in heard() if one.event["partitionKey"] == order]
        assert [type_ for type_ in about if type_ in OF_MONEY] == OF_MONEY
        assert [type_ for type_ in about if type_ in OF_GOODS] == OF_GOODS
    assert len({one.id for one in heard()}) == each * len(orders)
    assert all(one.id == one.event["eventId"] for one in heard())


async def test_a_secret_is_changed_without_missing_a_message(market: Market, server: Partners) -> None:
    partner = await a_partner(market, server, "rotates")
    changed = await partner.told("POST", "/secret")
    assert partner.secret not in json.dumps(await partner.told("GET"))
    await an_order(market)
    for one in await partner.heard(3):
        assert verified(one, partner.secret, changed["secret"])


async def redrive(market: Market, *arguments: str) -> Result:
    """`tradewind dlq redrive`."""
    environment = {name: value for name, value in market.environment.items() if name.startswith("TRADEWIND_")}
    return await asyncio.to_thread(CliRunner(env=environment).invoke, app, ["redrive", *arguments, "--json"])


async def test_what_a_partner_did_not_take_is_a_dead_letter_until_it_is_redriven_and_a_range_comes_again(
    market: Market, server: Partners
) -> None:
    partner = await a_partner(market, server, "gone")
    server.next["gone"].append((410, {}))
    order = await an_order(market)

    async def disabled() -> bool:
        return bool((await partner.told("GET"))["status"] == "DISABLED")

    await market.sees(disabled)
    (lost,) = await partner.heard(1)
    letter = f"webhooks/{partner.id}/1"
    assert (lost.sequence, lost.event["partitionKey"]) == (1, order)
    await partner.told("POST", "/resume")
    assert [one.sequence for one in await partner.heard(3)] == [1, 2, 3], "what waited goes on"
    done = await redrive(market, letter)
    assert json.loads(done.output) == {"redriven": [letter]}, done.output
    again = (await partner.heard(4))[3]
    assert (again.id, again.body, again.sequence) == (lost.id, lost.body, 1)
    assert verified(again, partner.secret)

    async def delivered() -> bool:
        return {one["status"] for one in (await partner.told("GET", "/deliveries"))["items"]} == {"DELIVERED"}

    await market.sees(delivered)
    assert (await redrive(market, letter)).exit_code == 1, "there is no such letter any more"
    assert (await partner.told("POST", "/redeliveries", {"from": 2})) == {"count": 2}
    assert [one.sequence for one in (await partner.heard(6))[4:]] == [2, 3]
    await market.sees(delivered)
    assert await market.audited(20.0, money=False) == []
