"""S11, row 9: a card's number, sent wherever a client can send something, is found nowhere afterwards."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final

import httpx2
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.challenges import answer
from tests.listening import listening
from tests.markets import Market, Person, open_market
from tests.security import scanning
from tradewind.adapters.payment_provider.notices import SIGNATURE
from tradewind.adapters.payment_provider.wire import NoticeBody
from tradewind.adapters.signed_bodies import sign
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import SIMULATED, notice_secret
from tradewind.contracts.privacy import Pseudonyms
from tradewind.kernel import clock
from tradewind.kernel.cards import checks_out
from tradewind.kernel.ids import new_id

pytestmark = pytest.mark.xdist_group("security")
REFUSED: Final = "/problems/card-number-refused"
METHOD: Final = {"brand": "Visa", "last4": "4242", "expMonth": 12, "expYear": 2030}


def a_card() -> str:
    """A number that no card has, made up now."""
    start = f"453201{secrets.randbelow(10**9):09}"
    return next(start + str(last) for last in range(10) if checks_out(start + str(last)))


CARD: Final = a_card()
SPACED: Final = " ".join(CARD[at : at + 4] for at in range(0, 16, 4))
MARKS: Final = {
    "plain": CARD,
    "spaced": SPACED,
    "dashed": SPACED.replace(" ", "-"),
    "token": f"tok_{secrets.token_hex(9)}",
}
"""The token may be kept: that the scan finds it says that it would find the numbers."""


class Collector:
    """Where spans are sent to, and kept as they came."""

    def __init__(self) -> None:
        self.got = b""

    async def take(self, request: web.Request) -> web.Response:
        self.got += await request.read()
        return web.Response()


@pytest_asyncio.fixture(scope="module")
async def collector() -> AsyncIterator[tuple[Collector, str]]:
    collector, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", collector.take)
    async with listening(app) as url:
        yield collector, url


@pytest_asyncio.fixture(scope="module")
async def market(
    settings: Settings,
    template: Engines,
    collector: tuple[Collector, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Market]:
    """A shop of its own, with its spans and everything that it keeps."""
    home = tmp_path_factory.mktemp("home")
    provider = await ProviderProcess(tmp_path_factory.mktemp("provider")).start()
    engines = replace(template, provider_url=provider.url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector[1])
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        async with open_market(replace(settings, home=home), engines, tmp_path_factory.mktemp("logs")) as opened:
            yield opened
    await provider.stop()


def numbers() -> list[str]:
    """The number as people write it, and hidden in what looks like a token."""
    return [CARD, SPACED, MARKS["dashed"], f"tok_{CARD}", f"simulated:{CARD}", f"x{CARD}1229"]


async def pays_with(market: Market, buyer: Person, sku: str) -> list[httpx2.Response]:
    """The number wherever it says how to pay."""
    lines = {"items": [{"sku": sku, "qty": 1}], "shippingAddress": {"country": "GB"}}
    waiting = (await buyer.post("/api/v1/orders", lines)).json()["id"]
    cart = (await buyer.post("/api/v1/carts")).json()["id"]
    await buyer.post(f"/api/v1/carts/{cart}/lines", {"sku": sku, "qty": 1})
    wish = {"shippingAddress": {"country": "GB", "line1": "1 Road", "city": "London", "postalCode": "SW1A 1AA"},
            "shippingMethod": "standard", "email": "who@example.org"}  # fmt: skip
    quote = (await buyer.post(f"/api/v1/carts/{cart}/quote", wish)).json()
    answers = []
    for number in numbers():
        answers += [
            await buyer.post("/api/v1/orders", {**lines, "paymentMethod": number}),
            await buyer.post(f"/api/v1/orders/{waiting}/pay", {"paymentMethod": number}),
            await buyer.post(f"/api/v1/carts/{cart}/checkout", {"quoteToken": quote["token"], "paymentMethod": number}),
            await buyer.post("/api/v1/payment-methods", {**METHOD, "token": number}),
            await buyer.post("/api/v1/payment-methods", {**METHOD, "token": "tok_visa", "brand": number}),
        ]
    return answers


async def writes(market: Market, buyer: Person, sku: str) -> list[httpx2.Response]:
    """The number in every text that is kept of an order and of a person, and in the heads of requests."""
    paid = (await buyer.order(sku)).json()["id"]
    product = str(await market.shop.db.pool.fetchval("SELECT id FROM catalog.products WHERE sku = $1", sku))
    order: dict[str, Any] = {"items": [{"sku": sku, "qty": 1}]}
    escaped = "".join(f"\\u00{ord(digit):x}" for digit in CARD)
    raw = {"Authorization": f"Bearer {buyer.token}", "Content-Type": "application/json"}
    answers = [await market.http.post(
        f"/api/v1/orders/{paid}/cancel", content=f'{{"reason":"{escaped}"}}'.encode(), headers=raw)]  # fmt: skip
    for number in (CARD, SPACED, MARKS["dashed"]):
        text = f"my card is {number}, thanks"
        answers += [
            await buyer.post(f"/api/v1/orders/{paid}/cancel", {"reason": text}),
            await market.admin.post(f"/api/v1/orders/{paid}/refunds", {"amount": 1, "reason": text}),
            await buyer.post("/api/v1/orders", {**order, "shippingAddress": {"country": "GB", "line1": text}}),
            await buyer.post("/api/v1/orders", {"items": [{"sku": number, "qty": 1}]}),
            await buyer.post("/api/v1/customers/me/addresses", {"country": "GB", "line1": text}),
            await buyer.send("PATCH", "/api/v1/customers/me", {"name": number}, If_Match="*"),
            await buyer.post(f"/api/v1/products/{product}/reviews", {"stars": 5, "text": text}),
            await buyer.post("/api/v1/assistant/messages", {"messages": [{"role": "user", "text": text}]}),
            await buyer.get(f"/api/v1/products/search?q={number}"),
            await buyer.get(f"/api/v1/products/by-sku/{number}"),
            await buyer.post("/api/v1/orders", order, Idempotency_Key=number),
        ]
        form = {"grant_type": "password", "username": number, "password": "x"}
        assert (await market.http.post("/api/v1/auth/token", data=form)).json()["error"] == "invalid_request"
        named = await buyer.post("/api/v1/orders", order, Correlation_Id=number)
        assert (named.status_code, named.json()["type"]) == (400, "/problems/invalid-header")
        assert (await buyer.post("/api/v1/orders", order, User_Agent=number)).status_code == 201
    return answers


async def notes(market: Market, notice: NoticeBody, *, forged: bool = False) -> httpx2.Response:
    """Post a notice as the provider does, or as somebody who does not know its secret."""
    peers: Any = market.shop.db.peers
    secret, body = "another" if forged else notice_secret(peers[Pseudonyms]), msgspec.json.encode(notice)
    headers = {"Content-Type": "application/json", SIGNATURE: sign(secret, body, clock.now())}
    return await market.http.post(f"/api/v1/payment-providers/{SIMULATED}/webhooks", content=body, headers=headers)


async def tells(market: Market) -> None:
    """The provider's notices speak of the number, signed and forged."""
    for notice in (NoticeBody(id=CARD, type="t", key="k"), NoticeBody(id="n", type=CARD, key=SPACED)):
        for forged in (False, True):
            told = await notes(market, notice, forged=forged)
            assert told.status_code in (401, 422), told.text


async def test_a_cards_number_is_refused_and_found_nowhere(market: Market, collector: tuple[Collector, str]) -> None:
    buyer, sku = market.somebody("customer"), await market.goods(stock=10_000)
    kept = await buyer.post("/api/v1/payment-methods", {**METHOD, "token": MARKS["token"]})
    assert (kept.status_code, MARKS["token"] in kept.text) == (201, False)
    challenged = (await buyer.order(sku, pays="challenge")).json()
    answers = [*await pays_with(market, buyer, sku), *await writes(market, buyer, sku)]
    for refused in answers:
        assert (refused.status_code, refused.json().get("type")) == (422, REFUSED), f"{refused.url} {refused.text}"
        assert not list(scanning.seen(refused.json()["detail"], MARKS))
    await tells(market)
    await answer(challenged["nextAction"]["url"], "confirm")
    await market.comes_to(buyer, challenged["id"], "PAID")
    assert await market.shop.db.pool.fetchval("SELECT count(*) FROM payments.notice") == 1

    async def spans() -> bool:
        """A batch that a busy collector does not take in time is lost: both commands are given until they were seen."""
        told = await notes(market, NoticeBody(id=str(new_id()), type="t", key="k"))
        ordered = await buyer.order(sku, pays=None)
        assert (told.status_code, ordered.status_code) == (204, 201), f"{told.text} {ordered.text}"
        return b"TakeNotice" in collector[0].got and b"PlaceOrder" in collector[0].got

    await market.sees(spans)
    home = market.shop.settings.home
    found = await scanning.in_database(market.shop.db.pool, MARKS)
    found |= scanning.in_files(home, MARKS) | scanning.in_files(market.folder, MARKS)
    found |= scanning.in_memory(market.shop.db.peers.values(), MARKS)
    found |= {(name, "spans") for name in scanning.seen(collector[0].got.decode("latin-1"), MARKS)}
    print(f"{len(answers)} requests with a card's number refused; the marks were found in {found}")
    assert found == {("token", "payments.payment_method")}
