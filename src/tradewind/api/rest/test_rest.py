"""What a request must look like, what comes back, and that nothing a client sends is answered with a 5xx."""

import json
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from msgspec import Struct

from tradewind.api.rest import Call, Reply, bodies, get, post
from tradewind.api.rest.conftest import ORDER, checks, seen

ORDERS = "/api/v1/orders"
BASKET = {"items": [{"sku": "A-1", "qty": 2}]}


def raw(client: httpx2.AsyncClient, content: bytes, **headers: str) -> Any:
    return client.post(ORDERS, content=content, headers={"Content-Type": "application/json", **headers})


def problem(response: httpx2.Response, status: int, name: str) -> dict[str, Any]:
    """The problem document, after the checks that hold for all of them."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["type"] == f"/problems/{name}"
    assert document["status"] == status
    assert len(document["traceId"]) == 32
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == response.url.path
    return document


async def test_an_order_goes_in_and_comes_out_exact(client: httpx2.AsyncClient) -> None:
    response = await client.post(ORDERS, json={**BASKET, "unitPrice": 0.1})
    assert response.status_code == 201
    assert response.headers["location"] == f"{ORDERS}/{ORDER}"
    assert b'"totalAmount":1234567890123456.70' in response.content
    assert response.json()["placedAt"] == "2026-01-02T03:04:05Z"
    body, call = seen[0]
    assert body.unit_price == Decimal("0.1")
    assert (call.actor.subject, call.route) == ("c-1", "POST /api/v1/orders")


@pytest.mark.parametrize(
    ("_case", "content", "pointer"),
    [
        ("unknown field", b'{"items":[{"sku":"a","qty":1,"price":0}]}', "/items/0/price"),
        ("server's own field", b'{"items":[{"sku":"a","qty":1}],"totalAmount":1}', "/totalAmount"),
        ("missing field", b'{"items":[{"sku":"a","qty":1},{"sku":"b"}]}', "/items/1/qty"),
        ("zero", b'{"items":[{"sku":"a","qty":0}]}', "/items/0/qty"),
        ("negative", b'{"items":[{"sku":"a","qty":-1}]}', "/items/0/qty"),
        ("absurd", b'{"items":[{"sku":"a","qty":9223372036854775808}]}', "/items/0/qty"),
        ("5,000 digits", b'{"items":[{"sku":"a","qty":' + b"9" * 5000 + b"}]}", "/items/0/qty"),
        ("a text for a number", b'{"items":[{"sku":"a","qty":"1"}]}', "/items/0/qty"),
        ("a fraction", b'{"items":[{"sku":"a","qty":1.5}]}', "/items/0/qty"),
        ("true", b'{"items":[{"sku":"a","qty":true}]}', "/items/0/qty"),
        ("no lines", b'{"items":[]}', "/items"),
        ("no object", b"[]", ""),
        ("null", b"null", ""),
        ("field twice", b'{"items":[],"items":[{"sku":"a","qty":1}]}', "/items"),
        ("field twice, both good", b'{"items":[{"sku":"a","sku":"a","qty":1}]}', ""),
        ("field twice, escaped", b'{"items":[{"sku":"a","\\u0073ku":"a","qty":1}]}', ""),
        ("NUL in a text", b'{"items":[{"sku":"a\\u0000","qty":1}]}', ""),
        ("NUL in a key", b'{"items":[{"sku":"a","qty":1}],"notes":{"\\u0000":"x"}}', ""),
    ],
)
async def test_a_body_of_the_wrong_shape_is_refused_with_a_pointer(
    client: httpx2.AsyncClient, _case: str, content: bytes, pointer: str
) -> None:
    document = problem(await raw(client, content), 422, "invalid-body")
    assert document["errors"][0]["pointer"] == pointer
    assert document["errors"][0]["detail"]
    assert not seen


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"nonsense", b'{"items":NaN}', b'{"unitPrice":Infinity}', b'{"items":[{"sku":"\xff","qty":1}]}',
        b'{"items":[{"sku":"\\ud800","qty":1}]}', b'\xef\xbb\xbf{"items":[]}', b'{"items":[]} {}',
        b'{"notes":{"a":"b"},}', b"\x00",
    ],
)  # fmt: skip
async def test_what_is_not_json_is_refused(client: httpx2.AsyncClient, content: bytes) -> None:
    assert (await raw(client, content)).status_code in (400, 422)
    assert not seen


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"items":' * 50_000, b'{"notes":' + b'{"a":' * 50_000])
async def test_deep_nesting_is_refused(client: httpx2.AsyncClient, content: bytes) -> None:
    assert (await raw(client, content)).status_code in (400, 422)


@pytest.mark.parametrize("number", [b"1e400", b"1e999999999999999999999", b"1E-999999999", b"0." + b"1" * 10_000])
async def test_an_absurd_decimal_breaks_nothing(client: httpx2.AsyncClient, number: bytes) -> None:
    content = b'{"items":[{"sku":"a","qty":1}],"unitPrice":' + number + b"}"
    assert (await raw(client, content)).status_code in (201, 400, 422)


async def test_a_backslash_before_u0000_is_text_like_any_other(client: httpx2.AsyncClient) -> None:
    response = await client.post(ORDERS, json={"items": [{"sku": "a\\u0000", "qty": 1}]})
    assert response.status_code == 201


async def test_a_body_over_the_limit_is_refused(client: httpx2.AsyncClient) -> None:
    exact = b'{"items":[{"sku":"a","qty":1}]}'.ljust(bodies.MAX_BODY_BYTES)
    assert (await raw(client, exact)).status_code == 201
    problem(await raw(client, exact + b" "), 413, "body-too-large")


async def test_a_body_over_the_limit_in_chunks_is_refused(client: httpx2.AsyncClient) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 32_768

    problem(
        await client.post(ORDERS, content=chunks(), headers={"Content-Type": "application/json"}), 413, "body-too-large"
    )


async def test_a_body_that_never_comes_is_given_up(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr(bodies, "BODY_TIMEOUT_S", 0.01)

    async def never() -> Any:
        await asyncio.Event().wait()
        yield b""

    problem(
        await client.post(ORDERS, content=never(), headers={"Content-Type": "application/json"}), 408, "body-too-slow"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"}, {"Content-Type": ""}, {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"}, {"Content-Type": "multipart/form-data"},
    ],
)  # fmt: skip
async def test_other_media_types_are_refused(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    problem(await client.post(ORDERS, content=json.dumps(BASKET), headers=headers), 415, "unsupported-media-type")


async def test_a_charset_of_utf_8_may_be_said(client: httpx2.AsyncClient) -> None:
    content = json.dumps(BASKET).encode()
    assert (await raw(client, content, **{"Content-Type": 'Application/JSON; Charset="UTF-8"'})).status_code == 201


async def test_an_optional_body_may_be_left_out(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/v1/maybe")).status_code == 204
    assert seen[0][0] is None
    assert (await client.post("/api/v1/maybe", json={"sku": "a", "qty": 1})).status_code == 204
    assert seen[1][0].sku == "a"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (20, None, "")),
        ("?pageSize=7&after=x%20y", (7, None, "x y")),
        ("?status=PAID&status=FAILED", (20, ["PAID", "FAILED"], "")),
        ("?after=", (20, None, "")),
    ],
)
async def test_query_parameters_are_typed_and_have_defaults(
    client: httpx2.AsyncClient, query: str, expected: Any
) -> None:
    assert (await client.get(ORDERS + query)).status_code == 200
    assert seen[0][0] == expected


@pytest.mark.parametrize(
    "query",
    [
        "?pageSize=0", "?pageSize=101", "?pageSize=x", "?pageSize=1&pageSize=2", "?page_size=1", "?nonsense=1",
        "?after=%00", "?after=%ff", "?after=" + "x" * 256, "?" + "&".join(["status=x"] * 100),
    ],
)  # fmt: skip
async def test_wrong_query_parameters_are_refused(client: httpx2.AsyncClient, query: str) -> None:
    problem(await client.get(ORDERS + query), 422, "invalid-parameter")
    assert not seen


async def test_path_parameters_are_typed(client: httpx2.AsyncClient) -> None:
    assert (await client.get(f"{ORDERS}/{ORDER}")).status_code == 200
    assert seen[0][0] == ORDER
    for wrong in ("7", "x" * 300, "%00", "a b", f"{{{ORDER}}}"):
        document = problem(await client.get(f"{ORDERS}/{wrong}"), 422, "invalid-parameter")
        assert document["errors"][0]["pointer"] == "/order_id"


@pytest.mark.parametrize(
    ("name", "status", "type_", "retry_after"),
    [
        ("conflict", 409, "out-of-stock", None),
        ("in-flight", 409, "still-running", "2"),
        ("stale", 409, "stale", None),
        ("throttled", 429, "throttled", "7"),
        ("unavailable", 503, "unavailable", "3"),
        ("missing", 404, "no-such-thing", None),
        ("forbidden", 403, "forbidden", None),
    ],
)
async def test_each_kind_of_refusal_has_its_status(
    client: httpx2.AsyncClient, name: str, status: int, type_: str, retry_after: str | None
) -> None:
    response = await client.get(f"/api/v1/refusals/{name}")
    document = problem(response, status, type_)
    assert response.headers.get("retry-after") == retry_after
    assert (await client.get(document["type"])).headers["content-type"].startswith("text/html")


async def test_facts_travel_and_do_not_overwrite_what_every_problem_has(client: httpx2.AsyncClient) -> None:
    document = problem(await client.get("/api/v1/refusals/conflict"), 409, "out-of-stock")
    assert document["title"] == "Out of stock"
    assert document["skus"] == ["A-1"]
    assert document["retryOf"] == str(ORDER)


async def test_a_fault_of_ours_is_told_without_what_is_behind_it(client: httpx2.AsyncClient) -> None:
    response = await client.get("/api/v1/broken")
    problem(response, 500, "internal-fault")
    assert "database-password" not in response.text


async def test_an_unknown_address_and_an_unknown_method(client: httpx2.AsyncClient) -> None:
    for path in ("/nowhere", "/api/v1/orders/", "/api/v1/orders/x/y", "//", "/docs/../secret", "/docs/nothing.js"):
        assert (await client.get(path)).status_code == 404, path
    problem(await client.get("/nowhere"), 404, "no-such-route")
    response = await client.put(ORDERS)
    assert problem(response, 405, "method-not-allowed")["allowed"] == ["GET", "POST"]
    assert response.headers["allow"] == "GET, POST"
    problem(await client.post("/openapi.json"), 405, "method-not-allowed")


async def test_another_reply_than_usual(client: httpx2.AsyncClient) -> None:
    response = await client.get("/api/v1/teapot")
    assert (response.status_code, response.headers["x-brewed"]) == (203, "yes")
    assert (await client.head("/api/v1/teapot")).content == b""
    assert (await client.delete(f"{ORDERS}/{ORDER}")).status_code == 204


async def test_readiness_says_which_part_is_not_ready_and_not_why(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "UP"}
    for path in ("/health/ready", "/actuator/health"):
        assert (await client.get(path)).json() == {"status": "UP", "checks": {"database": "UP"}}
    checks["database"] = False
    response = await client.get("/health/ready")
    assert (response.status_code, response.json()["checks"]) == (503, {"database": "DOWN"})
    assert "secret" not in response.text
    assert (await client.get("/health/live")).status_code == 200


async def test_the_browsable_page_needs_no_other_host(client: httpx2.AsyncClient) -> None:
    page = await client.get("/docs")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "http" not in page.text
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js", "openapi.json"):
        assert (await client.get(f"/docs/{name}")).status_code == 200
    assert (await client.get("/metrics")).status_code == 200


def test_a_body_that_lets_unknown_fields_pass_cannot_be_registered() -> None:
    class Inner(Struct):
        """Lax."""

    class Outer(Struct, forbid_unknown_fields=True):
        """Strict, but."""

        inner: list[Inner] | None = None

    with pytest.raises(AssertionError, match="Inner must forbid unknown fields"):

        @post("/x")
        async def x(body: Outer) -> None:
            """Do."""


def test_a_mutation_without_a_token_needs_its_reason() -> None:
    async def x() -> None:
        """Do."""

    with pytest.raises(AssertionError, match="S0-94"):
        post("/x", public=True)(x)
    assert post("/x", public="tokens come from here")(x).public
    assert get("/x", public=True)(x).public


async def test_a_route_can_be_called_like_its_function() -> None:
    @get("/x", public=True)
    async def x(call: Call | None = None) -> Reply:
        """Do."""
        return Reply(status=299)

    assert (await x()).status == 299
