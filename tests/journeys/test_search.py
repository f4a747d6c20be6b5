"""Search in a whole shop: over HTTP, and whatever becomes of the index, the rows or the one who writes them."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from tests.builders import a_delivery, a_product
from tests.journeys.reasons import ONE_PROCESS
from tests.shops import Shop, a_call, an_actor, open_shop, until, working
from tradewind.api.rest import create_app
from tradewind.app.wiring import WHICH
from tradewind.contexts.catalog.manifest import SearchProducts
from tradewind.contracts.catalog import CategoryUpdated, ProductUpdated
from tradewind.contracts.inventory import InventoryPeer, Wanted
from tradewind.contracts.reviews import RatingChanged
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.ports.search import ProductIndex
from tradewind.runtime import failpoints
from tradewind.runtime.telemetry import metrics

pytestmark = pytest.mark.one_process_tree(ONE_PROCESS)

ROWS: Final = "SELECT l::text FROM catalog.listing AS l ORDER BY product_id"
FORGET: Final = """
    WITH gone AS (DELETE FROM catalog.listing)
    UPDATE runtime.position SET stamp = 0, position = 0 WHERE subscriber = 'catalog.listing'
"""
POSITION: Final = "SELECT position FROM runtime.position WHERE subscriber = 'catalog.listing'"
PRODUCT_ID: Final = "SELECT id FROM catalog.products WHERE sku = $1"
HOSTILE: Final = [
    '"', "'", "\\", "*", "name:*", "a AND (b OR", "<script>alert(1)</script>", "%27%00",
    "'; DROP TABLE catalog.listing; --", "${jndi:ldap://x}", "{{7*7}}", "../../etc/passwd", "💥\u202e",
    "[a TO", "~99", "a" * 200,
]  # fmt: skip


@pytest_asyncio.fixture
async def http(shop: Shop) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without a token."""
    routes = [route for one in shop.contexts for route in one.routes]
    app = create_app(routes, verify=lambda _: an_actor(), dispatch=shop.dispatch, registry=CollectorRegistry())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://shop.test") as client:
        yield client


@pytest_asyncio.fixture
async def index_home(shop: Shop) -> Path:
    """The folder of this shop's index."""
    found: Path = shop.settings.home / "search" / await shop.db.pool.fetchval(WHICH)
    return found


@pytest.fixture
def disarmed() -> Iterator[None]:
    """No failpoint outlives the test."""
    yield
    failpoints.arm({})


async def total(shop: Shop, text: str = "") -> int | None:
    try:
        return int((await shop.dispatch(SearchProducts(text=text), a_call("anonymous"))).total)
    except Unavailable:
        return None


async def finds(shop: Shop, count: int, text: str = "") -> None:
    async def look() -> bool:
        return await total(shop, text) == count

    await until(shop, look)


async def a_history(shop: Shop) -> None:
    """Three products to whom much has happened."""
    for sku in ("LAMP", "TRAY", "VASE"):
        await a_product(shop, sku, stock=7)
    lamp, tray, vase = [await shop.db.pool.fetchval(PRODUCT_ID, sku) for sku in ("LAMP", "TRAY", "VASE")]
    category, order = new_id(), new_id()
    described = ProductUpdated(
        product_id=tray, sku="TRAY", name="Silver tray", category="Silver", category_id=category, version=2,
        category_path=("silver",), attributes={"weight": 1.5, "solid": True, "author": "Ann, Bo"},
    )  # fmt: skip
    archived = ProductUpdated(product_id=vase, sku="VASE", name="Vase", category="x", status="ARCHIVED", version=2)
    async with shop.db.transaction(a_call("system")) as tx:
        (held,) = await tx.peer(InventoryPeer).reserve(tx, [Wanted(order, {"LAMP": 3, "TRAY": 7})])
        tx.tell(held, described, archived, RatingChanged(product_id=lamp, average=Decimal("4.5"), count=2))  # type: ignore[arg-type]
    async with shop.db.transaction(a_call("system")) as tx:
        tx.tell(CategoryUpdated(category_id=category, name="Silverware", slug="silver", path=("table", "silver")))
    await a_delivery(shop, "TRAY", 2)


async def caught_up(shop: Shop) -> None:
    """Everything told so far has been made a row of, and the index knows of it."""
    newest = await shop.db.pool.fetchval("SELECT max(position) FROM runtime.outbox")

    async def look() -> bool:
        rows_are = (await shop.db.pool.fetchval(POSITION) or 0) >= newest
        return rows_are and not await shop.db.pool.fetchval("SELECT EXISTS (SELECT FROM catalog.to_index)")

    await until(shop, look)


async def test_what_the_query_cannot_mean_is_refused_in_problem_documents(
    working_shop: Shop, http: httpx2.AsyncClient
) -> None:
    await a_product(working_shop, "LAMP")
    await finds(working_shop, 1)
    for query, problem in [
        ("limit=0", "invalid-parameter"),
        ("limit=101", "invalid-parameter"),
        ("sort=cheapest", "invalid-parameter"),
        ("q=" + "a" * 201, "invalid-parameter"),
        ("minPrice=NaN", "unfit-search"),
        ("maxPrice=-1", "unfit-search"),
        ("minPrice=cheap", "invalid-parameter"),
        ("inStock=maybe", "invalid-parameter"),
        ("attribute=language", "unfit-search"),
        ("cursor=first", "unfit-cursor"),
        ("cursor=", "unfit-cursor"),
        ("page=2", "invalid-parameter"),
    ]:
        response = await http.get(f"/api/v1/products/search?{query}")
        found = (response.status_code, response.json()["type"].rsplit("/", 1)[-1])
        assert found == (422, problem), query


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_text_breaks_a_search(working_shop: Shop, http: httpx2.AsyncClient, text: str) -> None:
    await finds(working_shop, 0)
    for name in ("q", "category", "attribute"):
        value = f"a:{text}" if name == "attribute" else text
        response = await http.get("/api/v1/products/search?" + urlencode({name: value}))
        assert response.status_code in (200, 422)
    assert (await http.get("/api/v1/products/suggest?" + urlencode({"q": text}))).status_code in (200, 422)


async def test_anybody_finds_a_product_with_its_price_and_leafs_on(
    working_shop: Shop, http: httpx2.AsyncClient
) -> None:
    for number in range(3):
        await a_product(working_shop, f"LAMP-{number}", amount=f"1{number}.50", stock=number)
    await caught_up(working_shop)
    await finds(working_shop, 3, "lamp")
    before = metrics.catalog_search_latency_ms._sum.get()
    first = await http.get("/api/v1/products/search?q=lapm&limit=2&sort=-price&minPrice=10")
    document = json.loads(first.text, parse_float=Decimal)
    assert [(item["sku"], item["price"], item["rating"], item["available"]) for item in document["items"]] == [
        ("LAMP-2", {"amount": Decimal("12.50"), "currency": "EUR"}, None, 2),
        ("LAMP-1", {"amount": Decimal("11.50"), "currency": "EUR"}, None, 1),
    ]
    assert document["facets"]["inStock"] == [{"value": "true", "count": 2}, {"value": "false", "count": 1}]
    assert document["facets"]["price"] == [{"value": "10-20", "count": 3, "from": 10, "to": 20}]
    follow = urlencode({"q": "lapm", "limit": 2, "sort": "-price", "minPrice": 10, "cursor": document["next"]})
    second = (await http.get(f"/api/v1/products/search?{follow}")).json()
    assert ([item["sku"] for item in second["items"]], second["next"]) == (["LAMP-0"], None)
    suggested = (await http.get("/api/v1/products/suggest?q=lam")).json()
    assert sorted(one["text"] for one in suggested["items"]) == ["LAMP-0", "LAMP-1", "LAMP-2"]
    assert metrics.catalog_search_latency_ms._sum.get() > before


async def test_rows_that_are_dropped_and_replayed_are_the_same(shop: Shop, index_home: Path) -> None:
    async with working(shop):
        await a_history(shop)
        await caught_up(shop)
        await finds(shop, 2)
    rows = [row[0] for row in await shop.db.pool.fetch(ROWS)]
    assert len(rows) == 3
    await shop.db.pool.execute(FORGET)
    async with working(shop):
        await caught_up(shop)
        await finds(shop, 2)
        assert await total(shop, "silver tray") == 1
    assert [row[0] for row in await shop.db.pool.fetch(ROWS)] == rows


@pytest.mark.parametrize("how", ["gone", "damaged"])
async def test_an_index_that_is_lost_is_made_anew_from_the_rows_by_itself(
    working_shop: Shop, index_home: Path, how: str
) -> None:
    await a_history(working_shop)
    await caught_up(working_shop)
    await finds(working_shop, 2)
    if how == "gone":
        shutil.rmtree(index_home)
    else:
        for file in index_home.glob("*/*/meta.json"):
            (file.parent / "draft").write_text("{")
            (file.parent / "draft").replace(file)
    assert await total(working_shop) is None
    await finds(working_shop, 2)
    await a_product(working_shop, "LATER")
    await finds(working_shop, 3)


async def test_an_index_with_other_products_than_there_are_rows_is_made_anew_at_the_start(
    shop: Shop, index_home: Path
) -> None:
    async with working(shop):
        await a_product(shop, "LAMP")
        await a_product(shop, "TRAY")
        await finds(shop, 2)
    lamp = await shop.db.pool.fetchval(PRODUCT_ID, "LAMP")
    index: Any = shop.db.peers[ProductIndex]
    await index.put([], [lamp])
    assert await total(shop) == 1
    await index.close()
    async with open_shop(shop.settings, shop.engines, connections=8) as restarted, working(restarted):
        await finds(restarted, 2)


async def test_what_fails_between_the_index_and_the_position_is_done_again_and_changes_nothing(
    shop: Shop, disarmed: None
) -> None:
    async with working(shop):
        await finds(shop, 0)
        failpoints.arm({"relay.before_commit": "raise@3"})
        await a_history(shop)
        await caught_up(shop)
        await finds(shop, 2)
        found = await shop.dispatch(SearchProducts(), a_call("anonymous"))
    assert {item.sku: item.available for item in found.items} == {"LAMP": 4, "TRAY": 2}


async def test_what_changes_nothing_that_is_shown_does_not_touch_the_index(
    working_shop: Shop, index_home: Path
) -> None:
    await a_product(working_shop, "LAMP", stock=500)
    await caught_up(working_shop)
    await finds(working_shop, 1)
    (meta,) = index_home.glob("*/*/meta.json")
    before = meta.stat().st_ino, meta.stat().st_mtime_ns
    order = new_id()
    async with working_shop.db.transaction(a_call("system")) as tx:
        (held,) = await tx.peer(InventoryPeer).reserve(tx, [Wanted(order, {"LAMP": 300})])
        tx.tell(held)  # type: ignore[arg-type]
    await caught_up(working_shop)
    assert (meta.stat().st_ino, meta.stat().st_mtime_ns) == before
    assert await working_shop.db.pool.fetchval("SELECT available FROM catalog.listing") == 200
