"""S1: every route against everybody. The matrix is held against the routes themselves: a route without a row fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.markets import Market, Person
from tests.security.problems import nothing_written, problem
from tradewind.app.wiring import manifests
from tradewind.kernel.ids import new_id

pytestmark = pytest.mark.xdist_group("security")

EVERYBODY: Final = ("anonymous", "guest", "customer", "support", "warehouse", "merchandiser", "admin")
SHOPPERS: Final = frozenset({"guest", "customer", "admin"})
STAFF_OF_ORDERS: Final = frozenset({"support", "admin"})
WAREHOUSE: Final = frozenset({"warehouse", "admin"})
ANYBODY: Final = frozenset(EVERYBODY)
USERS: Final = ANYBODY - {"anonymous", "guest"}
ADMIN: Final = frozenset({"admin"})
CUSTOMERS: Final = frozenset({"customer", "admin"})
CUSTOMER: Final = frozenset({"customer"})
SUPPORT: Final = frozenset({"support", "admin"})
CONTACT: Final = {"kind": "EMAIL", "value": "matrix@example.org"}
REFUND: Final = {"amount": 1, "currency": "EUR", "reason": "broken"}
PRICE: Final = {"amount": 2, "currency": "EUR"}


@dataclass(frozen=True)
class Row:
    """Who may use a route at all; `hidden` from shoppers as if there were nothing (404) where `owned` is not theirs."""

    allowed: frozenset[str]
    body: Any = None
    owned: bool = False
    hidden: frozenset[str] = frozenset()
    missing: str = ""
    """The problem that stands for nothing there; of an order or a shipment where it is not named."""


MATRIX: Final[Mapping[str, Row]] = {
    "POST /api/v1/auth/guest": Row(ANYBODY),
    "POST /api/v1/auth/token": Row(ANYBODY),
    "POST /api/v1/auth/register": Row(ANYBODY, {"email": "matrix@shop.test", "password": "a matrix of rows"}),
    "POST /api/v1/auth/verify-email": Row(ANYBODY, {"token": "made-up"}),
    "POST /api/v1/auth/revoke": Row(ANYBODY),
    "POST /api/v1/auth/password-reset": Row(ANYBODY, {"email": "matrix@shop.test"}),
    "POST /api/v1/auth/password-reset/confirm": Row(ANYBODY, {"token": "made-up", "password": "a matrix of rows"}),
    "POST /api/v1/auth/change-password": Row(USERS, {"currentPassword": "x", "newPassword": "a matrix of rows"}),
    "GET /api/v1/auth/userinfo": Row(USERS),
    "GET /api/v1/auth/sessions": Row(USERS),
    "DELETE /api/v1/auth/sessions": Row(USERS),
    "DELETE /api/v1/auth/sessions/{session_id}": Row(USERS),
    "GET /api/v1/roles": Row(ADMIN),
    "GET /api/v1/users": Row(ADMIN),
    "POST /api/v1/users": Row(ADMIN, {"email": "matrix-clerk@shop.test", "roles": ["support"]}),
    "GET /api/v1/users/{user_id}": Row(ADMIN),
    "PUT /api/v1/users/{user_id}/roles": Row(ADMIN, {"roles": ["support"]}),
    "POST /api/v1/users/{user_id}/disable": Row(ADMIN),
    "POST /api/v1/users/{user_id}/enable": Row(ADMIN),
    "POST /api/v1/users/{user_id}/unlock": Row(ADMIN),
    "GET /api/v1/customers/me": Row(CUSTOMERS | SUPPORT),
    "PATCH /api/v1/customers/me": Row(CUSTOMERS, {"name": "n", "contactMethods": [CONTACT]}),
    "GET /api/v1/customers/me/preferences": Row(CUSTOMERS | SUPPORT),
    "PUT /api/v1/customers/me/preferences": Row(CUSTOMERS, {"preferredChannel": None}),
    "GET /api/v1/customers/me/addresses": Row(CUSTOMERS | SUPPORT),
    "POST /api/v1/customers/me/addresses": Row(CUSTOMERS, {"country": "AQ"}),
    "GET /api/v1/customers/me/addresses/{address_id}": Row(CUSTOMERS | SUPPORT),
    "PUT /api/v1/customers/me/addresses/{address_id}": Row(CUSTOMERS, {"country": "AQ"}),
    "DELETE /api/v1/customers/me/addresses/{address_id}": Row(CUSTOMERS),
    "POST /api/v1/customers/me/export": Row(CUSTOMERS | SUPPORT),
    "POST /api/v1/customers/me/erasure": Row(CUSTOMERS | SUPPORT, {"confirm": "nobody"}),
    "GET /api/v1/customers/{customer_id}": Row(SUPPORT, hidden=CUSTOMER, missing="no-such-customer"),
    "POST /api/v1/customers/{customer_id}/export": Row(SUPPORT, hidden=CUSTOMER, missing="no-such-customer"),
    "POST /api/v1/customers/{customer_id}/erasure": Row(
        SUPPORT, {"confirm": "nobody"}, hidden=CUSTOMER, missing="no-such-customer"
    ),
    "GET /api/v1/customers/{customer_id}/groups": Row(SUPPORT | frozenset({"merchandiser"})),
    "PUT /api/v1/customers/{customer_id}/groups": Row(SUPPORT | frozenset({"merchandiser"}), {"groups": []}),
    "GET /.well-known/jwks.json": Row(ANYBODY),
    "GET /.well-known/openid-configuration": Row(ANYBODY),
    "GET /api/v1/products": Row(ANYBODY),
    "GET /api/v1/products/{product_id}": Row(ANYBODY),
    "GET /api/v1/inventory/{sku}": Row(ANYBODY),
    "POST /api/v1/products": Row(
        frozenset({"merchandiser", "admin"}), {"sku": "A-NEW-ONE", "name": "n", "category": "c", "price": PRICE}
    ),
    "PUT /api/v1/products/{product_id}/price": Row(frozenset({"merchandiser", "admin"}), {**PRICE, "reason": "sale"}),
    "GET /api/v1/products/{product_id}/price-history": Row(frozenset({"merchandiser", "admin"})),
    "POST /api/v1/inventory/{sku}/adjustments": Row(WAREHOUSE, {"delta": 1, "reason": "count"}),
    "POST /api/v1/orders": Row(SHOPPERS, {"items": [{"sku": "<sku>", "qty": 1}]}),
    "GET /api/v1/orders": Row(SHOPPERS | STAFF_OF_ORDERS),
    "GET /api/v1/orders/{order_id}": Row(SHOPPERS | STAFF_OF_ORDERS, owned=True),
    "POST /api/v1/orders/{order_id}/pay": Row(SHOPPERS, {"paymentMethod": "simulated:approve"}, owned=True),
    "POST /api/v1/orders/{order_id}/cancel": Row(SHOPPERS | STAFF_OF_ORDERS, {}, owned=True),
    "POST /api/v1/orders/{order_id}/refunds": Row(frozenset({"admin"}), REFUND),
    "GET /api/v1/orders/{order_id}/payment": Row(STAFF_OF_ORDERS),
    "GET /api/v1/orders/{order_id}/shipment": Row(STAFF_OF_ORDERS | WAREHOUSE, hidden=frozenset({"guest", "customer"})),
    "GET /api/v1/shipments/{shipment_id}": Row(STAFF_OF_ORDERS | WAREHOUSE, hidden=frozenset({"guest", "customer"})),
    "POST /api/v1/shipments/{shipment_id}/dispatch": Row(WAREHOUSE, {}),
    "POST /api/v1/shipments/{shipment_id}/in-transit": Row(WAREHOUSE),
    "POST /api/v1/shipments/{shipment_id}/deliver": Row(WAREHOUSE),
}
ROUTES: Final = [route for one in manifests() for route in one.routes]
OWNED_BY_THE_SERVER: Final = ("id", "price", "totalAmount", "status", "role", "tenant", "userId", "paid", "captured")


@dataclass(frozen=True)
class Victim:
    """Somebody with an order; `path` names what is theirs."""

    owner: Person
    sku: str
    ids: Mapping[str, str]
    secrets: tuple[str, ...]

    def path(self, route: str) -> str:
        return route.split(" ")[1].format(**self.ids)


@pytest_asyncio.fixture(scope="module")
async def victim(quiet_market: Market) -> Victim:
    """An order that waits for its payment, and names that nobody else may read."""
    owner, sku = quiet_market.somebody("customer"), await quiet_market.goods(stock=1_000)
    body = {
        "items": [{"sku": sku, "qty": 7}],
        "shippingAddress": {"country": "GB", "name": "Victoria Victim", "line1": "1 Secret Mews"},
    }
    order = (await owner.post("/api/v1/orders", body)).json()
    profile = {"name": "Victoria Victim", "contactMethods": [CONTACT]}
    assert (await owner.send("PATCH", "/api/v1/customers/me", profile, If_Match="*")).status_code == 200
    product = (await owner.get(f"/api/v1/products?sku={sku}")).json()["items"][0]["id"]
    ids = {"order_id": order["id"], "product_id": product, "sku": sku, "shipment_id": str(new_id())}
    ids |= {"session_id": str(new_id()), "user_id": str(new_id())}
    ids |= {"customer_id": owner.subject, "address_id": str(new_id())}
    return Victim(owner, sku, ids, (owner.subject, "Victoria", "Secret Mews", "87.5", "PENDING_PAYMENT"))


def test_every_route_has_a_row_in_the_matrix() -> None:
    assert {f"{route.method} {route.path}" for route in ROUTES} == set(MATRIX)


async def test_the_matrix_holds_against_the_published_document(quiet_market: Market) -> None:
    paths = (await quiet_market.nobody.get("/openapi.json")).json()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == set(MATRIX)


def _filled(body: Any, sku: str) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, sku) for name, value in body.items()}
    return [_filled(one, sku) for one in body] if isinstance(body, list) else sku if body == "<sku>" else body


@pytest.mark.parametrize("route", MATRIX)
@pytest.mark.parametrize("role", EVERYBODY)
async def test_each_role_reaches_what_it_may_and_nothing_else(
    quiet_market: Market, victim: Victim, route: str, role: str
) -> None:
    row, method = MATRIX[route], route.split(" ", maxsplit=1)[0]
    person = quiet_market.nobody if role == "anonymous" else quiet_market.somebody(role)
    looked = {} if method in ("GET", "POST") else {"If-Match": "*"}
    body = _filled(row.body, victim.sku)
    if role in row.allowed and not (row.owned and role in ("guest", "customer")):
        answer = await person.send(method, victim.path(route), body, **looked)
        assert answer.status_code not in (401, 403), answer.text
        assert answer.status_code < 500
        return
    async with nothing_written(quiet_market):
        answer = await person.send(method, victim.path(route), body, **looked)
    if role == "anonymous":
        problem(answer, 401, "token-missing")
    elif role in row.hidden:
        problem(answer, 404, row.missing or "no-such-shipment")
    elif role in row.allowed:
        problem(answer, 404, row.missing or "no-such-order")
    else:
        problem(answer, 403, "forbidden")
    said = answer.text.replace(victim.path(route), "the path that was asked for")
    assert not [secret for secret in victim.secrets if secret in said]


async def test_somebody_elses_order_and_one_that_never_was_look_the_same(quiet_market: Market, victim: Victim) -> None:
    stranger, missing = quiet_market.somebody(), str(new_id())
    for method, act, body in (("GET", "", None), ("POST", "/pay", {"paymentMethod": "x"}), ("POST", "/cancel", {})):
        told = []
        for order_id in (victim.ids["order_id"], missing):
            answer = await stranger.send(method, f"/api/v1/orders/{order_id}{act}", body)
            found = problem(answer, 404, "no-such-order")
            told.append({name: str(value).replace(order_id, "") for name, value in found.items() if name != "traceId"})
        assert told[0] == told[1]


async def test_a_role_without_its_scope_may_not(quiet_market: Market, victim: Victim) -> None:
    token = quiet_market.shop.keys.sign(
        subject="narrow", roles=("admin",), scopes=("order:read",), tenant="default", lifetime_s=60
    )
    narrow = Person(quiet_market.http, token, "narrow")
    assert (await narrow.get(f"/api/v1/orders/{victim.ids['order_id']}")).status_code == 200
    async with nothing_written(quiet_market):
        for route in ("POST /api/v1/products", "POST /api/v1/inventory/{sku}/adjustments", "POST /api/v1/orders"):
            answer = await narrow.post(victim.path(route), _filled(MATRIX[route].body, victim.sku))
            problem(answer, 403, "forbidden")


BODIES: Final = [f"{route.method} {route.path}" for route in ROUTES if any(p.name == "body" for p in route.parameters)]


@pytest.mark.parametrize("route", BODIES)
async def test_no_field_that_is_the_servers_own_is_taken_from_a_client(
    quiet_market: Market, victim: Victim, route: str
) -> None:
    body, owner = _filled(MATRIX[route].body, victim.sku), victim.owner
    person = owner if "customer" in MATRIX[route].allowed else quiet_market.admin
    async with nothing_written(quiet_market):
        for name in OWNED_BY_THE_SERVER:
            if name in body:
                continue
            answer = await person.send(route.split(" ", maxsplit=1)[0], victim.path(route), {**body, name: "PAID"})
            assert problem(answer, 422, "invalid-body")["errors"][0]["pointer"] == f"/{name}"
