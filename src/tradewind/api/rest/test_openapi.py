"""The OpenAPI document says what the routes do: every parameter, every status, every schema, and nothing else."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tradewind.api.rest.conftest import ORDER, ROUTES
from tradewind.api.rest.openapi import describe, for_the_browser

DOCUMENT = describe(ROUTES, token_url="/token")


def parts(part: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from parts(inner)


def followed(reference: str) -> Any:
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_every_reference_leads_somewhere() -> None:
    references = {part["$ref"] for part in parts(DOCUMENT) if "$ref" in part}
    assert references
    assert all(followed(reference) for reference in references)


def test_every_route_is_described_with_its_path_parameters() -> None:
    described = {(m.upper(), p) for p, methods in DOCUMENT["paths"].items() for m in methods}
    assert described == {(route.method, route.path) for route in ROUTES}
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
            assert operation["summary"]


def test_operation_ids_are_not_given_twice() -> None:
    ids = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_mutations_take_idempotency_keys_and_need_a_token() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            headers = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
            assert "Correlation-Id" in headers
            assert ("Idempotency-Key" in headers) is (method != "get")
            assert ("Prefer" in headers) is (path == "/api/v1/orders" and method == "post")
            if method != "get":
                assert operation["security"] == [{"bearer": []}]


def test_decimals_are_numbers_and_unknown_fields_are_none() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["OrderView"]["properties"]["totalAmount"] == {"type": "number"}
    assert schemas["OrderView"]["properties"]["discount"] == {"type": "number", "default": 0}
    assert schemas["NewOrder"]["additionalProperties"] is False
    assert schemas["Line"]["properties"]["qty"] == {"type": "integer", "minimum": 1, "maximum": 1000}


def test_named_refusals_stand_with_their_status() -> None:
    conflict = DOCUMENT["paths"]["/api/v1/orders"]["post"]["responses"]["409"]
    assert "/problems/out-of-stock" in conflict["description"]


def test_the_browsable_copy_holds_nothing_that_openapi_3_0_has_not() -> None:
    older = for_the_browser(DOCUMENT)
    assert older["openapi"] == "3.0.3"
    for part in parts(older):
        assert part.get("type") != "null"
        assert not isinstance(part.get("type"), list)
        assert not isinstance(part.get("examples"), list)


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "/api/v1/orders", {"json": {"items": [{"sku": "a", "qty": 1}]}}),
        ("POST", "/api/v1/orders", {"json": {}}),
        ("POST", "/api/v1/orders", {"content": b"x"}),
        ("GET", "/api/v1/orders", {"params": {"pageSize": 0}}),
        ("GET", f"/api/v1/orders/{ORDER}", {"headers": {"Authorization": ""}}),
        ("GET", f"/api/v1/orders/{ORDER}", {"headers": {"Correlation-Id": ""}}),
        ("DELETE", f"/api/v1/orders/{ORDER}", {}),
    ],
)
async def test_an_answers_status_and_type_are_documented(
    client: httpx2.AsyncClient, method: str, path: str, sent: dict[str, Any]
) -> None:
    response = await client.request(method, path, **sent)
    operation = DOCUMENT["paths"][path.replace(str(ORDER), "{order_id}")][method.lower()]
    documented = operation["responses"][str(response.status_code)]
    documented = followed(documented["$ref"]) if "$ref" in documented else documented
    if response.content:
        assert response.headers["content-type"] in documented["content"]
