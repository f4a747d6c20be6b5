"""Headers in and out: correlation, trace, idempotency, preference, and who may come in."""

import httpx2
import pytest

from tradewind.api.rest import headers
from tradewind.api.rest.conftest import ORDER, seen
from tradewind.api.rest.test_rest import BASKET, ORDERS, problem

TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_the_correlation_id_comes_back_and_goes_on(client: httpx2.AsyncClient) -> None:
    response = await client.get(ORDERS, headers={"Correlation-Id": "basket 7"})
    assert response.headers["correlation-id"] == "basket 7"
    assert seen[0][1].correlation_id == "basket 7"


@pytest.mark.parametrize("path", [ORDERS, "/health/live", "/nowhere", "/api/v1/broken"])
async def test_every_answer_has_a_correlation_id_and_is_sealed(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert len(response.headers["correlation-id"]) == 36
    for name, value in headers.SEALED:
        assert response.headers.get_list(name.decode()) == [value.decode()]


@pytest.mark.parametrize("given", ["", "x" * 129, "a\tb", "caf\u00e9"])
async def test_a_correlation_id_that_could_forge_a_log_line_is_refused(client: httpx2.AsyncClient, given: str) -> None:
    response = await client.get(ORDERS, headers={b"Correlation-Id": given.encode("latin-1")})
    problem(response, 400, "invalid-header")
    assert len(response.headers["correlation-id"]) == 36
    assert not seen


async def test_a_trace_is_carried_on(client: httpx2.AsyncClient) -> None:
    await client.get(ORDERS, headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    assert seen[0][1].trace_id == TRACE


@pytest.mark.parametrize("given", ["", "x", f"ff-{TRACE}-b7ad6b7169203331-01", f"00-{'0' * 32}-b7ad6b7169203331-01"])
async def test_a_trace_that_makes_no_sense_is_replaced(client: httpx2.AsyncClient, given: str) -> None:
    await client.get(ORDERS, headers={"traceparent": given})
    assert len(seen[0][1].trace_id) == 32
    assert seen[0][1].trace_id != TRACE


async def test_an_idempotency_key_reaches_the_call_of_a_mutation(client: httpx2.AsyncClient) -> None:
    await client.post(ORDERS, json=BASKET, headers={"Idempotency-Key": "k" * 255})
    assert seen[0][1].idempotency_key == "k" * 255
    seen.clear()
    await client.get(ORDERS, headers={"Idempotency-Key": "k"})
    assert seen[0][1].idempotency_key is None


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb"])
async def test_an_idempotency_key_that_is_none_is_refused(client: httpx2.AsyncClient, key: str) -> None:
    problem(await client.post(ORDERS, json=BASKET, headers={"Idempotency-Key": key}), 400, "invalid-header")
    assert not seen


@pytest.mark.parametrize(
    ("prefer", "wait_s"),
    [
        ("wait=5", 5), ("respond-async, wait=10", 10), ('WAIT="3"', 3), ("wait=99999", headers.MAX_WAIT_S),
        ("wait=7; foo=bar, return=minimal", 7), ("wait=x", 0), ("wait=-1", 0), ("waiter=5", 0), ("return=minimal", 0),
    ],
)  # fmt: skip
async def test_a_client_may_say_how_long_it_waits(client: httpx2.AsyncClient, prefer: str, wait_s: int) -> None:
    response = await client.post(ORDERS, json=BASKET, headers={"Prefer": prefer})
    assert seen[0][1].wait_s == wait_s
    assert response.headers.get("preference-applied") == (f"wait={wait_s}" if wait_s else None)


async def test_without_a_token_only_public_routes_are_answered(client: httpx2.AsyncClient) -> None:
    client.headers.pop("Authorization")
    for method, path in (("GET", ORDERS), ("POST", ORDERS), ("DELETE", f"{ORDERS}/{ORDER}")):
        response = await client.request(method, path)
        problem(response, 401, "token-missing")
        assert response.headers["www-authenticate"] == 'Bearer realm="tradewind"'
    assert (await client.get("/api/v1/teapot")).status_code == 203
    assert not seen


@pytest.mark.parametrize("header", ["Bearer bad", "Bearer", "bearer  ", "Bearer good x", "BEARER " + "x" * 100_000])
@pytest.mark.parametrize("path", [ORDERS, "/api/v1/teapot"])
async def test_a_bad_token_is_refused_on_public_routes_too(client: httpx2.AsyncClient, path: str, header: str) -> None:
    response = await client.get(path, headers={"Authorization": header})
    problem(response, 401, "token-invalid")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


async def test_nobody_is_forbidden_before_they_said_who_they_are(client: httpx2.AsyncClient) -> None:
    client.headers.pop("Authorization")
    problem(await client.get("/api/v1/refusals/forbidden"), 401, "token-missing")


async def test_two_tokens_are_no_token(client: httpx2.AsyncClient) -> None:
    both = [("Authorization", "Bearer good"), ("Authorization", "Bearer good")]
    client.headers.pop("Authorization")
    problem(await client.get(ORDERS, headers=both), 401, "token-invalid")
