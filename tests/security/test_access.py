"""S1: every route against everybody. The matrix is held against the routes themselves: a route without a row fails."""

from typing import Any, Final

import httpx2
import msgspec
import pytest
import pytest_asyncio

from tests.markets import Market, Person
from tests.security.matrix import ANYBODY, EVERYBODY, MATRIX, Row, filled
from tests.security.owners import Owner, ask, registered
from tests.security.problems import nothing_written, problem
from tradewind.app.wiring import manifests
from tradewind.kernel.ids import new_id

pytestmark = pytest.mark.xdist_group("security")

ROUTES: Final = [route for one in manifests() for route in one.routes]
OWNED_BY_THE_SERVER: Final = ("id", "price", "totalAmount", "status", "role", "tenant", "userId", "paid", "captured")
OWNED: Final = [
    (role, route)
    for role in ("guest", "customer")
    for route, row in MATRIX.items()
    if row.own and role in row.hidden and not (role == "guest" and "{review_id}" in route)
]


@pytest_asyncio.fixture(scope="module")
async def victim(quiet_market: Market) -> Owner:
    """A customer whom others try to read and to change."""
    sku = await quiet_market.goods(stock=10_000)
    return await Owner.of(quiet_market, await registered(quiet_market), sku)


def test_every_route_has_a_row_in_the_matrix() -> None:
    assert {f"{route.method} {route.path}" for route in ROUTES} == set(MATRIX)


async def test_the_matrix_holds_against_the_published_document(quiet_market: Market) -> None:
    paths = (await quiet_market.nobody.get("/openapi.json")).json()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == set(MATRIX)


@pytest.mark.parametrize("route", MATRIX)
async def test_each_role_reaches_what_it_may_and_nothing_else(quiet_market: Market, victim: Owner, route: str) -> None:
    row, path = MATRIX[route], victim.path(route)
    people = {role: quiet_market.somebody(role) for role in EVERYBODY[1:]} | {"anonymous": quiet_market.nobody}
    kept_out = ANYBODY - (row.allowed - row.hidden)
    async with nothing_written(quiet_market):
        for role in sorted(kept_out):
            answer = await ask(people[role], route, path, victim.sku)
            refused_to(role, row, answer)
            said = answer.text.replace(path.partition("?")[0], "the path that was asked for")
            secrets = (victim.person.subject, "Victoria", "Secret Mews", "87.5", "PENDING_PAYMENT")
            assert not [secret for secret in secrets if secret in said], role
    for role in sorted(ANYBODY - kept_out):
        answer = await ask(people[role], route, path, victim.sku)
        assert answer.status_code not in (401, 403), role
        assert answer.status_code < 500 or (row.away and answer.status_code == 503), role


def refused_to(role: str, row: Row, answer: httpx2.Response) -> None:
    """It is refused as the matrix says, to this role."""
    if role in row.hidden:
        problem(answer, 404, row.missing)
    elif role == "anonymous":
        problem(answer, 401, "token-missing")
    else:
        problem(answer, 403, "forbidden")


@pytest.mark.parametrize(("role", "route"), OWNED)
async def test_each_owner_reaches_what_is_theirs(quiet_market: Market, victim: Owner, route: str, role: str) -> None:
    person = quiet_market.somebody("guest") if role == "guest" else await registered(quiet_market)
    owner = await Owner.of(quiet_market, person, victim.sku)
    answer = await ask(person, route, owner.path(route), victim.sku)
    assert answer.status_code in MATRIX[route].own, answer.text


async def test_baskets_are_carts_also_to_who_may_not(quiet_market: Market, victim: Owner) -> None:
    path = f"/api/v1/baskets/{victim.ids['cart_id']}"
    assert (await victim.person.get(path)).status_code == 200
    problem(await quiet_market.somebody("customer").get(path), 404, "no-such-cart")
    problem(await quiet_market.somebody("merchandiser").get(path), 403, "forbidden")
    problem(await quiet_market.nobody.get(path), 401, "token-missing")


@pytest.mark.parametrize(
    ("things", "thing", "acts"),
    [
        ("orders", "order_id", [("GET", "", None), ("POST", "/pay", {"paymentMethod": "x"}), ("POST", "/cancel", {})]),
        ("carts", "cart_id", [("GET", "", None), ("POST", "/checkout", {"quoteToken": "x"})]),
        ("reviews", "review_id", [("GET", "", None), ("DELETE", "", None), ("DELETE", "/vote", None)]),
        ("auth/sessions", "session_id", [("DELETE", "", None)]),
        ("customers/me/addresses", "address_id", [("GET", "", None), ("DELETE", "", None)]),
        ("customers", "customer_id", [("GET", "", None), ("POST", "/export", None)]),
    ],
    ids=["orders", "carts", "reviews", "sessions", "addresses", "customers"],
)
async def test_what_is_somebody_elses_and_what_never_was_look_the_same(
    quiet_market: Market, things: str, thing: str, acts: list[Any]
) -> None:
    owner = await Owner.of(quiet_market, await registered(quiet_market), await quiet_market.goods(stock=10))
    stranger, theirs = quiet_market.somebody("customer"), {**owner.ids, **owner.spare}[thing]
    if thing == "review_id":
        theirs = owner.ids[thing]
    for method, act, body in acts:
        told = []
        for it in (theirs, str(new_id())):
            answer = await stranger.send(method, f"/api/v1/{things}/{it}{act}", body)
            assert answer.status_code == 404, answer.text
            told.append({name: str(v).replace(it, "") for name, v in answer.json().items() if name != "traceId"})
        assert told[0] == told[1]


async def test_a_role_without_its_scope_may_not(quiet_market: Market, victim: Owner) -> None:
    token = quiet_market.shop.keys.sign(
        subject="narrow", roles=("admin",), scopes=("order:read",), tenant="default", lifetime_s=60
    )
    narrow = Person(quiet_market.http, token, "narrow")
    assert (await narrow.get(f"/api/v1/orders/{victim.ids['order_id']}")).status_code == 200
    async with nothing_written(quiet_market):
        for route in ("POST /api/v1/products", "POST /api/v1/inventory/{sku}/adjustments", "POST /api/v1/orders"):
            problem(await ask(narrow, route, victim.path(route), victim.sku), 403, "forbidden")


def bodies() -> dict[str, Any]:
    """The routes that read JSON, and which fields."""
    read = {f"{one.method} {one.path}": p.type for one in ROUTES for p in one.parameters if p.source == "body"}
    return {route: {f.encode_name for f in msgspec.structs.fields(of)} for route, of in read.items()}


BODIES: Final = bodies()


@pytest.mark.parametrize("route", BODIES)
async def test_no_field_that_is_the_servers_own_is_taken_from_a_client(
    quiet_market: Market, victim: Owner, route: str
) -> None:
    row, method = MATRIX[route], route.split(" ", maxsplit=1)[0]
    person = victim.person if "customer" in row.allowed | row.hidden else quiet_market.admin
    async with nothing_written(quiet_market):
        for name in OWNED_BY_THE_SERVER:
            if name in BODIES[route]:
                continue
            body = {**filled(row.body, victim.sku), name: "PAID"}
            answer = await person.send(method, victim.path(route), body)
            assert problem(answer, 422, "invalid-body")["errors"][0]["pointer"] == f"/{name}"
