"""Products, prices, stock and shipments through the real edge: addresses, statuses, problem documents."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from tests.journeys.reasons import ONE_PROCESS
from tests.shops import a_call, an_actor
from tradewind.api.rest import create_app
from tradewind.app.wiring import Shop
from tradewind.contracts.shipping import ShippingPeer
from tradewind.kernel.errors import Unauthenticated
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import Actor

pytestmark = pytest.mark.one_process_tree(ONE_PROCESS)

PRODUCT = {"sku": "85123A", "name": "Holder", "category": "light", "price": {"amount": 2.55, "currency": "GBP"}}
ABSURD = {"amount": "1e999999", "currency": "GBP"}


def _by_role(token: bytes) -> Actor:
    """Tokens are identity's business; here a token is the name of a role."""
    if token not in (b"admin", b"customer", b"merchandiser", b"warehouse"):
        raise Unauthenticated
    return an_actor(token.decode())


class Client:
    """Asks as somebody with a role; gives status and document."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def __call__(self, method: str, path: str, role: str | None = None, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {role}"} if role else {}
        response = await self.http.request(method, path, headers=headers, json=body)
        return response.status_code, json.loads(response.text, parse_float=Decimal)


@pytest_asyncio.fixture
async def ask(shop: Shop) -> AsyncIterator[Client]:
    routes = [route for one in shop.contexts for route in one.routes]
    app = create_app(routes, verify=_by_role, dispatch=shop.dispatch, registry=CollectorRegistry())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://shop.test") as http:
        yield Client(http)


async def test_what_nobody_may_do_and_what_is_not_there_is_refused_in_problem_documents(ask: Client) -> None:
    for method, path, role, body, status in [
        ("POST", "/api/v1/products", None, PRODUCT, 401),
        ("POST", "/api/v1/products", "customer", PRODUCT, 403),
        ("POST", "/api/v1/products", "merchandiser", PRODUCT | {"sku": "no good"}, 422),
        ("POST", "/api/v1/products", "merchandiser", PRODUCT | {"colour": "red"}, 422),
        ("POST", "/api/v1/products", "merchandiser", PRODUCT | {"price": ABSURD}, 422),
        ("GET", f"/api/v1/products/{new_id()}", None, None, 404),
        ("GET", "/api/v1/products?limit=201", None, None, 422),
        ("GET", "/api/v1/products?cursor=first", None, None, 422),
        ("PUT", f"/api/v1/products/{new_id()}/price", "merchandiser",
         {"amount": 1, "currency": "GBP", "reason": "x"}, 404),
        ("GET", f"/api/v1/products/{new_id()}/price-history", "customer", None, 403),
        ("GET", "/api/v1/inventory/NOBODY", None, None, 404),
        ("POST", "/api/v1/inventory/NOBODY/adjustments", "warehouse", {"delta": 5, "reason": "x"}, 404),
        ("POST", "/api/v1/inventory/NOBODY/adjustments", "warehouse", {"delta": 0, "reason": "x"}, 422),
        ("POST", "/api/v1/inventory/NOBODY/adjustments", "warehouse", {"delta": 10**9, "reason": "x"}, 422),
        ("POST", f"/api/v1/shipments/{new_id()}/dispatch", "warehouse", None, 404),
        ("GET", f"/api/v1/orders/{new_id()}/shipment", "customer", None, 404),
    ]:  # fmt: skip
        answered, problem = await ask(method, path, role, body)
        assert (answered, problem["status"]) == (status, status), (method, path, problem)


async def test_a_product_is_made_priced_stocked_and_found(ask: Client) -> None:
    status, made = await ask("POST", "/api/v1/products", "merchandiser", PRODUCT)
    said = {**PRODUCT, "price": {"amount": Decimal("2.55"), "currency": "GBP"}, "status": "ACTIVE", "version": 1}
    assert (status, {name: made[name] for name in said}) == (201, said)
    assert await ask("GET", f"/api/v1/products/{made['id']}") == (200, made)
    assert await ask("GET", "/api/v1/products?sku=85123A&limit=1") == (200, {"items": [made], "next": None})
    status, taken = await ask("POST", "/api/v1/products", "merchandiser", PRODUCT)
    assert (status, taken["type"], taken["sku"]) == (409, "/problems/sku-taken", "85123A")

    price = {"amount": 3, "currency": "GBP", "reason": "sale"}
    status, priced = await ask("PUT", f"/api/v1/products/{made['id']}/price", "merchandiser", price)
    assert (status, priced["amount"]) == (200, Decimal("3.00"))
    status, history = await ask("GET", f"/api/v1/products/{made['id']}/price-history", "admin")
    assert [past["amount"] for past in history["items"]] == [Decimal("3.00"), Decimal("2.55")]

    path = "/api/v1/inventory/85123A"
    status, stock = await ask("POST", f"{path}/adjustments", "warehouse", {"delta": 5, "reason": "delivery"})
    counts = {"onHand": 5, "reserved": 0, "available": 5}
    expected = {
        "sku": "85123A",
        "productId": made["id"],
        **counts,
        "warehouses": [{"warehouse": "MAIN", **counts}],
        "parts": [],
        "orderable": 5,
        "releasesAt": None,
    }
    assert (status, stock) == (201, expected)
    assert await ask("GET", path) == (200, expected)
    status, refused = await ask("POST", f"{path}/adjustments", "warehouse", {"delta": -6, "reason": "loss"})
    assert (status, refused["type"], refused["sku"]) == (409, "/problems/below-reserved", "85123A")


async def test_a_shipment_is_handed_over_once_it_is_paid(ask: Client, shop: Shop) -> None:
    order_id = new_id()
    async with shop.db.transaction(a_call("system")) as tx:
        await tx.peer(ShippingPeer).create(tx, {order_id: {"city": "London", "country": "GB"}})
    _, shipment = await ask("GET", f"/api/v1/orders/{order_id}/shipment", "warehouse")
    path = f"/api/v1/shipments/{shipment['id']}"
    status, early = await ask("POST", f"{path}/dispatch", "warehouse")
    assert (status, early["type"], early["state"]) == (409, "/problems/illegal-move", "PLANNED")
    async with shop.db.transaction(a_call("system")) as tx:
        await tx.peer(ShippingPeer).release(tx, [order_id])
    status, gone = await ask("POST", f"{path}/dispatch", "warehouse", {"trackingNumber": "DHL-1234"})
    assert (status, gone["status"], gone["trackingNumber"]) == (200, "DISPATCHED", "DHL-1234")
    assert (await ask("POST", f"{path}/in-transit", "warehouse"))[1]["status"] == "IN_TRANSIT"
    assert (await ask("POST", f"{path}/deliver", "warehouse"))[1]["status"] == "DELIVERED"
    _, seen = await ask("GET", path, "admin")
    assert seen["address"] == {"city": "London", "country": "GB"}
