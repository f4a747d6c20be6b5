"""Staff finds orders by what a buyer can tell of them; nobody else does, nor by the address of who was erased."""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from tests.builders import a_product
from tests.shops import Shop, a_call, an_actor, until
from tradewind.api.rest import create_app
from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.personal_data import OrderData
from tradewind.contexts.orders.search_orders import named, rows
from tradewind.contexts.orders.search_orders.named import TooManyNamed
from tradewind.contexts.orders.search_orders.query import FoundOrders, SearchOrders, UnfitSearch
from tradewind.contracts.orders import OrderLine, PlaceOrder
from tradewind.contracts.privacy import Person
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import internal_call

ADDRESS: Final = "Ada@Example.org"
STAFF: Final = a_call("support")
LISTED: Final = "SELECT count(*) FROM orders.order_summary"
CALLED: Final = "UPDATE catalog.products SET name = $2 WHERE sku = $1"
KNOW: Final = """
    INSERT INTO identity.account (id, login, password_hash, roles, email_verified_at, issuer, outside_email)
    VALUES ($1, $2, '$argon2id$', '{customer}', $3::timestamptz, $4, $5)
"""
NOW: Final = "SELECT now()"
ODD: Final = (
    "since=0001-01-01T00:00:00%2B23:59", "until=9999-12-31T23:59:59-23:59", "since=yesterday", "since=0.5",
    "currency=EUR&minTotal=1e400", "currency=EUR&maxTotal=NaN", "currency=EUR&minTotal=0.001", "minTotal=1",
    "status=LOST", "currency=EU", "item=", "item=%00", "email=%00", "order=%00", "limit=0", "limit=101", "cursor=x",
)  # fmt: skip


@pytest_asyncio.fixture
async def shop_with_goods(working_shop: Shop) -> Shop:
    """A lamp and a chair."""
    for sku, name in (("LAMP-1", "Brass Lamp, dimmable"), ("CHAIR-1", "Chair of Ärger-free oak")):
        await a_product(working_shop, sku, stock=100)
        await working_shop.db.pool.execute(CALLED, sku, name)
    return working_shop


async def an_order(shop: Shop, sku: str = "LAMP-1", *, by: str = "ann", email: str | None = None, qty: int = 1) -> UUID:
    """Placed by somebody; it shows where it is looked for."""
    before = await shop.db.pool.fetchval(LISTED)
    command = PlaceOrder(items=(OrderLine(sku=sku, qty=qty),), shipping_address={"country": "DE"}, email=email)
    order_id: UUID = (await shop.dispatch(command, a_call("guest" if email else "customer", subject=by))).id

    async def shows() -> bool:
        return bool(await shop.db.pool.fetchval(LISTED) > before)

    await until(shop, shows)
    return order_id


async def found(shop: Shop, **asked: Any) -> list[UUID]:
    page: FoundOrders = await shop.dispatch(SearchOrders(**asked), STAFF)
    return [one.id for one in page.items]


async def test_an_order_is_found_by_its_number_and_by_how_that_begins(shop_with_goods: Shop) -> None:
    order = await an_order(shop_with_goods)
    other = await an_order(shop_with_goods, "CHAIR-1")
    for number in (str(order), f" {str(order).upper()} ", order.hex):
        assert await found(shop_with_goods, order=number) == [order]
    assert await found(shop_with_goods, order=str(order)[:8]) == [other, order]
    assert await found(shop_with_goods, order=str(new_id())) == []
    for odd in ("0199aaa", "no number", "0199aaaa' OR 1=1", "f" * 33):
        with pytest.raises(UnfitSearch):
            await found(shop_with_goods, order=odd)


async def test_an_order_is_found_by_a_sku_and_by_words_of_its_goods_and_no_text_is_syntax(
    shop_with_goods: Shop,
) -> None:
    order = await an_order(shop_with_goods)
    chair = await an_order(shop_with_goods, "CHAIR-1")
    for item in ("LAMP-1", "brass lamp", "LAMP BRASS", "lam", "lamp, bra", "dimm", "lamp') | ('brass"):
        assert await found(shop_with_goods, item=item) == [order], item
    for item in ("chair", "ärger", "free", "CHAIR-1 "):
        assert await found(shop_with_goods, item=item) == [chair], item
    for item in ("lamp-1", "lamp table", "amp", "!", "' | 'amp", "lamp:*|chair", "a" * 200, "\\", "e\u0301"):
        assert await found(shop_with_goods, item=item) == [], item


async def test_a_word_that_too_many_goods_have_is_refused(
    shop_with_goods: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named, "MAX_NAMED", 1)
    with pytest.raises(TooManyNamed):
        await found(shop_with_goods, item="lamp")


async def test_orders_are_found_by_the_address_of_a_guest_and_of_an_account(shop_with_goods: Shop) -> None:
    shop, ada, outsider = shop_with_goods, new_id(), new_id()
    now = await shop.db.pool.fetchval(NOW)
    await shop.db.pool.execute(KNOW, ada, "ada@example.org", now, None, None)
    await shop.db.pool.execute(KNOW, outsider, f"outside:{outsider}", now, "https://issuer.test", "ida@example.org")
    await shop.db.pool.execute(KNOW, new_id(), "unproved@example.org", None, None, None)
    as_guest = await an_order(shop, by="guest-1", email=ADDRESS)
    as_user = await an_order(shop, by=str(ada))
    of_outsider = await an_order(shop, by=str(outsider))
    await an_order(shop, by="guest-2", email="other@example.org")
    assert await found(shop, email=" ada@EXAMPLE.org") == [as_user, as_guest]
    assert await found(shop, email=ADDRESS, item="chair") == []
    assert await found(shop, email="ida@example.org") == [of_outsider]
    for nobody in ("unproved@example.org", "ada@example.or", "%", ""):
        assert await found(shop, email=nobody) == []


async def test_of_who_was_erased_no_address_leads_to_an_order_that_stays_in_the_books(shop_with_goods: Shop) -> None:
    shop = shop_with_goods
    order = await an_order(shop, by="guest-1", email=ADDRESS)
    await shop.dispatch(CancelOrder(order_id=order, reason="no"), a_call("admin"))

    async def is_over() -> bool:
        return await found(shop, email=ADDRESS, statuses=(Status.CANCELED,)) == [order]

    await until(shop, is_over)
    async with shop.db.transaction(internal_call("privacy")) as tx:
        await OrderData().erase(tx, Person(user_id="guest-1", emails=("ada@example.org",)))
    assert await found(shop, email=ADDRESS) == []
    assert await found(shop, order=str(order)) == [order]


async def test_pages_go_on_where_the_one_before_ended_and_counts_stay(shop_with_goods: Shop) -> None:
    shop = shop_with_goods
    orders = [await an_order(shop, qty=1 + number) for number in range(5)]
    walked, cursor = list[UUID](), None
    while not walked or cursor:
        page = await shop.dispatch(SearchOrders(item="lamp", limit=2, cursor=cursor), STAFF)
        assert (sum(page.counts.values()), page.counted_all) == (5, True)
        walked, cursor = [*walked, *(one.id for one in page.items)], page.next
    assert walked == orders[::-1]
    assert await found(shop, currency="EUR", min_total="25", max_total="37.50") == [orders[2], orders[1]]
    for unfit in ({"min_total": 1}, {"max_total": 1}):
        with pytest.raises(UnfitSearch):
            await found(shop, **unfit)


async def test_where_only_the_newest_are_counted_it_is_said(
    shop_with_goods: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await an_order(shop_with_goods)
    monkeypatch.setattr(rows, "MAX_COUNTED", 2)
    page = await shop_with_goods.dispatch(SearchOrders(limit=1, statuses=(Status.CANCELED,)), STAFF)
    assert (page.items, sum(page.counts.values()), page.counted_all) == ([], 2, False)


async def test_what_cannot_be_read_is_refused_and_nothing_breaks(http: httpx2.AsyncClient) -> None:
    for odd in ODD:
        answer = await http.get(f"/api/v1/orders/search?{odd}", headers={"Authorization": "Bearer support"})
        assert answer.status_code == 422, (odd, answer.text)
    edges = "since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59.999999Z"
    answer = await http.get(f"/api/v1/orders/search?{edges}", headers={"Authorization": "Bearer support"})
    assert answer.status_code == 200, answer.text


@pytest_asyncio.fixture
async def http(shop_with_goods: Shop) -> AsyncIterator[httpx2.AsyncClient]:
    """Whoever says which role they have."""
    routes = [route for one in shop_with_goods.contexts for route in one.routes]

    def as_said(token: bytes) -> Any:
        return an_actor(token.decode(), subject="staff")

    app = create_app(routes, verify=as_said, dispatch=shop_with_goods.dispatch, registry=CollectorRegistry())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://shop.test") as client:
        yield client


async def test_over_http_support_sees_all_that_is_shown_and_others_are_refused(
    shop_with_goods: Shop, http: httpx2.AsyncClient
) -> None:
    order = await an_order(shop_with_goods, by="ann", qty=2)
    await until(shop_with_goods, lambda: found(shop_with_goods, statuses=(Status.PENDING_PAYMENT,)))
    asked: Any = [
        ("item", "brass"), ("status", "PENDING_PAYMENT"), ("status", "PAID"), ("currency", "EUR"),
        ("minTotal", "25.00"), ("since", "2020-01-01T00:00:00Z"), ("order", str(order)),
    ]  # fmt: skip
    answer = await http.get("/api/v1/orders/search", params=asked, headers={"Authorization": "Bearer support"})
    assert answer.status_code == 200, answer.text
    [item] = answer.json()["items"]
    assert item.pop("placedAt")
    assert item == {
        "id": str(order), "userId": "ann", "status": "PENDING_PAYMENT", "totalAmount": 25.0, "currency": "EUR",
    }  # fmt: skip
    assert {**answer.json(), "items": 1} == {
        "items": 1, "counts": {"PENDING_PAYMENT": 1}, "countedAll": True, "next": None
    }  # fmt: skip
    for role in ("guest", "customer", "merchandiser", "warehouse"):
        refused = await http.get("/api/v1/orders/search", headers={"Authorization": f"Bearer {role}"})
        assert refused.status_code == 403, role


async def test_a_token_that_is_narrower_than_its_role_finds_nothing(shop_with_goods: Shop) -> None:
    narrow = replace(STAFF, actor=replace(STAFF.actor, scopes=frozenset({"order:read"})))
    with pytest.raises(Forbidden):
        await shop_with_goods.dispatch(SearchOrders(), narrow)
    with pytest.raises(Forbidden):
        await shop_with_goods.dispatch(named.LookUpNamed(email=ADDRESS, item=None), a_call("customer"))
