"""What the shop's owner switches off while it runs, as buyers meet it; and that nothing is lost by it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import httpx2
import msgspec
import pytest
import pytest_asyncio

from tests.ai_provider import ScriptedAi, scripted_ai
from tests.journeys.reasons import OWN_SETTINGS
from tests.journeys.shopping import GERMANY
from tests.markets import Market, Person, open_market
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings

pytestmark = [pytest.mark.xdist_group("journeys"), pytest.mark.one_process_tree(OWN_SETTINGS)]

COUNT: Final = "SELECT count(*)::int FROM orders.orders"
PEOPLE: Final = 40
LUCKY: Final = 3
"""One of those who are among the first tenth."""
QUESTION: Final = {"messages": [{"role": "user", "text": "Something about the sea?"}]}
Ask = Callable[[], Awaitable[httpx2.Response]]


class Owner:
    """Whoever writes the file of flags of a market."""

    def __init__(self, market: Market, file: Path) -> None:
        self.market, self._file = market, file

    async def says(self, text: str, *, seen_by: Ask, as_: Callable[[httpx2.Response], bool]) -> httpx2.Response:
        """Write the file; the first answer by which one sees that the shop has read it."""
        self._file.write_text(text)

        async def look() -> httpx2.Response | None:
            answer = await seen_by()
            return answer if as_(answer) else None

        found: httpx2.Response = await self.market.sees(look)
        return found


@pytest_asyncio.fixture(scope="module")
async def ai() -> AsyncIterator[ScriptedAi]:
    async with scripted_ai() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module")
async def module_owner(
    settings: Settings, template: Engines, ai: ScriptedAi, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Owner]:
    folder = tmp_path_factory.mktemp("switches")
    file = folder / "flags.toml"
    file.write_text("")
    more = {"TRADEWIND_FLAGS_FILE": str(file), "TRADEWIND_AI_URL": ai.url}
    async with open_market(settings, template, folder, more=more) as market:
        yield Owner(market, file)


@pytest_asyncio.fixture
async def owner(module_owner: Owner) -> AsyncIterator[Owner]:
    """Everything is on at first, and afterwards."""
    buyer, sku = module_owner.market.somebody(), await module_owner.market.goods(stock=50)

    def order() -> Awaitable[httpx2.Response]:
        return buyer.order(sku, pays=None)

    await module_owner.says("", seen_by=order, as_=is_accepted)
    yield module_owner
    await module_owner.says("", seen_by=order, as_=is_accepted)


def is_accepted(answer: httpx2.Response) -> bool:
    return answer.status_code == 201


def is_switched_off(answer: httpx2.Response) -> bool:
    return answer.status_code == 503


def refused(answer: httpx2.Response) -> tuple[int, str, str, str]:
    problem = answer.json()
    return answer.status_code, problem["type"], problem["flag"], answer.headers["Retry-After"]


async def an_order(buyer: Person, sku: str, key: str) -> httpx2.Response:
    return await buyer.post("/api/v1/orders", {"items": [{"sku": sku, "qty": 1}]}, Idempotency_Key=key)


async def a_quoted_cart(buyer: Person, sku: str) -> tuple[str, dict[str, str]]:
    """Where it is checked out, and with what."""
    cart = f"/api/v1/carts/{(await buyer.post('/api/v1/carts')).json()['id']}"
    assert (await buyer.post(f"{cart}/lines", {"sku": sku, "qty": 1})).is_success
    quote = await buyer.post(f"{cart}/quote", {"shippingAddress": GERMANY, "email": "ada@example.com"})
    assert quote.is_success, quote.text
    return f"{cart}/checkout", {"quoteToken": quote.json()["token"]}


async def test_while_checkout_is_off_no_order_is_taken_and_none_that_was_is_lost(owner: Owner) -> None:
    market = owner.market
    sku, buyer = await market.goods(stock=100), market.somebody()
    placed = await an_order(buyer, sku, "taken before")
    order = placed.json()["id"]
    door, agreement = await a_quoted_cart(buyer, sku)

    off = await owner.says("checkout = false", seen_by=lambda: buyer.order(sku, pays=None), as_=is_switched_off)
    assert refused(off) == (503, "/problems/switched-off", "checkout", "60")
    before = await market.shop.db.pool.fetchval(COUNT)
    stock = await market.stock(sku)
    assert refused(await an_order(buyer, sku, "too late")) == refused(off)
    assert refused(await buyer.post(door, agreement)) == refused(off)
    assert await market.shop.db.pool.fetchval(COUNT) == before, "nothing is written"
    assert await market.stock(sku) == stock, "nothing is held"

    assert (await buyer.get(f"/api/v1/orders/{order}")).status_code == 200, "reading goes on"
    assert (await market.nobody.get("/api/v1/products")).status_code == 200
    again = await an_order(buyer, sku, "taken before")
    assert (again.status_code, again.json()["id"]) == (201, order), "who was answered before is answered again"
    other = await buyer.post("/api/v1/orders", {"items": [{"sku": sku, "qty": 2}]}, Idempotency_Key="taken before")
    assert other.json()["type"] == "/problems/key-reused"

    paid = await buyer.post(f"/api/v1/orders/{order}/pay", {"paymentMethod": "simulated:approve"})
    assert paid.is_success, paid.text
    await market.comes_to(buyer, order, "PAID", "FULFILLED")

    on = await owner.says("", seen_by=lambda: an_order(buyer, sku, "too late"), as_=is_accepted)
    assert on.json()["id"] != order, "a key that was refused is not used up"
    assert (await buyer.post(door, agreement)).status_code == 201, "the cart is as it was"


async def test_while_reviews_are_off_none_is_taken_and_those_there_are_stay(owner: Owner) -> None:
    market = owner.market
    sku = await market.goods(stock=5)
    product = (await market.nobody.get(f"/api/v1/products?sku={sku}")).json()["items"][0]["id"]
    reviews = f"/api/v1/products/{product}/reviews"
    author = market.somebody("customer")

    def write() -> Awaitable[httpx2.Response]:
        return author.post(reviews, {"stars": 4, "text": "It floats."})

    written = await owner.says("reviews = true", seen_by=write, as_=is_accepted)

    def review() -> Awaitable[httpx2.Response]:
        return market.somebody("customer").post(reviews, {"stars": 5})

    off = await owner.says("reviews = false", seen_by=review, as_=is_switched_off)
    assert refused(off) == (503, "/problems/switched-off", "reviews", "60")
    assert (await market.nobody.get(reviews)).status_code == 200
    edited = await author.send("PUT", f"/api/v1/reviews/{written.json()['id']}", {"stars": 5, "text": "Still."})
    assert edited.is_success, edited.text
    assert is_accepted(await owner.says("", seen_by=review, as_=is_accepted))


async def test_recommendations_are_shown_to_some_customers_always_the_same_or_to_nobody(owner: Owner) -> None:
    market = owner.market
    await market.goods(stock=5)
    people = [market.somebody("customer", subject=f"customer-{number}") for number in range(PEOPLE)]

    def shows(answer: httpx2.Response) -> bool:
        return bool(answer.json()["items"])

    async def told() -> list[bool]:
        return [shows(await one.get("/api/v1/recommendations")) for one in people]

    def lucky() -> Awaitable[httpx2.Response]:
        return people[LUCKY].get("/api/v1/recommendations")

    await owner.says("recommendations = true", seen_by=lucky, as_=shows)
    assert all(await told())
    await owner.says("recommendations = false", seen_by=lucky, as_=lambda answer: not shows(answer))
    assert not any(await told())
    await owner.says("recommendations = { percent = 50 }", seen_by=lucky, as_=shows)
    some = await told()
    assert 8 < sum(some) < 32
    assert await told() == some


async def test_while_the_assistant_is_off_nobody_speaks_to_its_provider(owner: Owner, ai: ScriptedAi) -> None:
    buyer = owner.market.somebody("customer")

    def ask() -> Awaitable[httpx2.Response]:
        if not ai.replies:
            ai.says("Take the anchor.")
        return buyer.post("/api/v1/assistant/messages", QUESTION)

    assert (await ask()).status_code == 200
    off = await owner.says("assistant = false", seen_by=ask, as_=is_switched_off)
    assert refused(off) == (503, "/problems/switched-off", "assistant", "60")
    heard = len(ai.heard)
    assert is_switched_off(await ask())
    assert len(ai.heard) == heard
    on: Any = await owner.says("assistant = true", seen_by=ask, as_=lambda answer: answer.status_code == 200)
    assert msgspec.json.decode(on.content)["text"] == "Take the anchor."
