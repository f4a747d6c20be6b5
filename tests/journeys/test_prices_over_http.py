"""Prices through the real edge: what a merchant writes, and what anybody is told about it."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from tests.builders import a_product
from tests.journeys.reasons import ONE_PROCESS
from tests.shops import an_actor
from tradewind.api.rest import create_app
from tradewind.app.wiring import Shop
from tradewind.runtime.call import Actor

pytestmark = pytest.mark.one_process_tree(ONE_PROCESS)


@pytest_asyncio.fixture
async def http(shop: Shop) -> AsyncIterator[httpx2.AsyncClient]:
    def by_role(token: bytes) -> Actor:
        """Tokens are identity's business; here a token is the name of a role."""
        return an_actor(token.decode())

    routes = [route for one in shop.contexts for route in one.routes]
    app = create_app(routes, verify=by_role, dispatch=shop.dispatch, registry=CollectorRegistry())
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://shop.test/api/v1"
    ) as client:
        yield client


async def ask(
    http: httpx2.AsyncClient, method: str, path: str, role: str | None, body: Any = None, **headers: Any
) -> tuple[int, Any, str | None]:
    """Status, document and entity tag."""
    sent = {"Authorization": f"Bearer {role}"} if role else {}
    answer = await http.request(method, path, headers={**sent, **headers}, json=body)
    return answer.status_code, json.loads(answer.text or "null", parse_float=Decimal), answer.headers.get("etag")


async def test_a_merchant_writes_prices_and_anybody_sees_what_counts_and_why(shop: Shop, http: Any) -> None:
    sku = await a_product(shop, "LAMP", amount="10.00")
    status, book, _ = await ask(http, "POST", "/price-books", "merchandiser", {"name": "spring", "currency": "EUR"})
    assert status == 201
    entries = {"entries": [{"sku": sku, "amount": "9.00"}, {"sku": sku, "amount": "8.00", "minQuantity": 5}]}
    assert (await ask(http, "PUT", f"/price-books/{book['id']}/entries", "customer", entries))[0] == 403
    assert (await ask(http, "PUT", f"/price-books/{book['id']}/entries", "merchandiser", entries))[0] == 200
    status, published, _ = await ask(http, "POST", f"/price-books/{book['id']}/publish", "merchandiser")
    assert (status, published["active"], published["draft"]) == (200, 1, None)

    rule = {"name": "autumn", "benefit": {"kind": "PERCENTAGE", "percent": 10}}
    status, made, tag = await ask(http, "POST", "/promotions", "merchandiser", {**rule, "needsCoupon": True})
    assert (status, made["state"]) == (201, "DRAFT")
    path = f"/promotions/{made['id']}"
    assert (await ask(http, "PUT", path, "merchandiser", rule))[0] == 428
    status, changed, newer = await ask(http, "PUT", path, "merchandiser", {**rule, "maxUses": 5}, **{"If-Match": tag})
    assert (status, changed["version"]) == (200, 2)
    status, problem, _ = await ask(http, "POST", f"{path}/activate", "merchandiser", **{"If-Match": tag})
    assert (status, problem["version"]) == (412, 2)
    assert (await ask(http, "POST", f"{path}/activate", "merchandiser", **{"If-Match": newer}))[0] == 200
    status, coupons, _ = await ask(http, "POST", f"{path}/coupons", "merchandiser", {"code": "Autumn-10"})
    assert (status, coupons["codes"]) == (201, ["AUTUMN-10"])

    cart = {"items": [{"sku": sku, "qty": 5}], "country": "DE", "coupons": ["autumn-10", "friend"]}
    status, quote, _ = await ask(http, "POST", "/quotes", None, cart)
    assert (status, quote["subtotal"], quote["discount"]) == (200, Decimal("40.00"), Decimal("4.00"))
    assert (quote["total"], quote["taxIncluded"], quote["currency"]) == (Decimal("36.00"), Decimal("5.75"), "EUR")
    reasons = {step["label"]: step["why"] for step in quote["explanation"]["parts"][1]["parts"] if "why" in step}
    assert reasons == {"FRIEND": "unknown"}


async def test_an_override_is_for_administrators_over_http_too(shop: Shop, http: Any) -> None:
    await a_product(shop, "LAMP", amount="10.00")
    product_id = await shop.db.pool.fetchval("SELECT id FROM catalog.products")
    path, body = f"/products/{product_id}/price-override", {"amount": 7, "currency": "EUR", "reason": "a slip"}
    for role, status in ((None, 401), ("customer", 403), ("merchandiser", 403), ("admin", 200)):
        assert (await ask(http, "PUT", path, role, body))[0] == status
    _, quote, _ = await ask(http, "POST", "/quotes", None, {"items": [{"sku": "LAMP"}], "country": "DE"})
    assert quote["total"] == Decimal("7.00")
    assert (await ask(http, "DELETE", path, "admin"))[0] == 204
    _, history, _ = await ask(http, "GET", f"{path}s", "merchandiser")
    assert [(one["amount"], one["reason"]) for one in history["items"]] == [(Decimal("7.00"), "a slip")]
