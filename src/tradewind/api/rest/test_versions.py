"""ETag, If-Match, If-None-Match: who may change what, and who need not read it again. And bodies that are no JSON."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from tradewind.api.rest import Answer, IfMatch, RawBody, Reply, create_app, get, patch, post, put
from tradewind.api.rest.conftest import dispatch, verify
from tradewind.api.rest.openapi import describe
from tradewind.api.rest.test_rest import problem
from tradewind.kernel.versions import expect

PAGE = "/api/v1/page"
now_at = {"version": 3, "views": 0}
kept: list[bytes] = []


class PageView(Answer, frozen=True, kw_only=True):
    """A page; its views are counted without making a new version of it."""

    version: int
    views: int


@get(PAGE, public=True)
async def show() -> PageView:
    """Show the page."""
    return PageView(**now_at)


@patch(PAGE)
async def change(if_match: IfMatch) -> PageView:
    """Change the page."""
    expect(if_match, now_at["version"])
    now_at["version"] += 1
    return PageView(**now_at)


@put(PAGE)
async def replace(if_match: IfMatch = None) -> Reply:
    """Change the page, or whatever has become of it."""
    expect(if_match, now_at["version"])
    return Reply(status=204)


@post("/api/v1/pictures", status=201, reads=RawBody(("image/png", "image/webp"), 2 * 1024 * 1024))
async def keep(body: bytes) -> Reply:
    """Keep a picture."""
    kept.append(body)
    return Reply(content=b"seen", headers={"Content-Type": "image/png", "Cache-Control": "public, immutable"})


ROUTES = [show, change, replace, keep]


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    now_at.update(version=3, views=0)
    kept.clear()
    app = create_app(ROUTES, verify=verify, dispatch=dispatch, registry=CollectorRegistry())
    headers = {"Authorization": "Bearer good"}
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as one:
        yield one


async def test_a_change_must_say_which_version_it_is_for(client: httpx2.AsyncClient) -> None:
    problem(await client.patch(PAGE), 428, "version-missing")
    assert now_at["version"] == 3
    assert (await client.put(PAGE)).status_code == 204


@pytest.mark.parametrize("tag", ['"2"', '"4-0123456789abcdef"', 'W/"3"', '"elsewhere"', '"3-x"', '"99999999999999999"'])
async def test_a_change_for_another_version_is_refused(client: httpx2.AsyncClient, tag: str) -> None:
    document = problem(await client.patch(PAGE, headers={"If-Match": tag}), 412, "outdated")
    assert document["version"] == 3
    problem(await client.put(PAGE, headers={"If-Match": tag}), 412, "outdated")
    assert now_at["version"] == 3


@pytest.mark.parametrize("tag", ["3", '"3', '"3", "4"', "'3'", '"' + "3" * 5000])
async def test_a_tag_that_is_none_is_refused(client: httpx2.AsyncClient, tag: str) -> None:
    problem(await client.patch(PAGE, headers={"If-Match": tag}), 400, "invalid-header")


async def test_the_tag_of_an_answer_lets_its_reader_change_it_once(client: httpx2.AsyncClient) -> None:
    seen = (await client.get(PAGE)).headers["etag"]
    assert seen.startswith('"3-')
    changed = await client.patch(PAGE, headers={"If-Match": seen})
    assert changed.headers["etag"].startswith('"4-')
    problem(await client.patch(PAGE, headers={"If-Match": seen}), 412, "outdated")
    for enough in ("*", '"4"'):
        assert (await client.put(PAGE, headers={"If-Match": enough})).status_code == 204


async def test_what_moves_beside_the_version_spoils_no_change(client: httpx2.AsyncClient) -> None:
    seen = (await client.get(PAGE)).headers["etag"]
    now_at["views"] = 7
    assert (await client.get(PAGE)).headers["etag"] != seen
    assert (await client.patch(PAGE, headers={"If-Match": seen})).status_code == 200


async def test_who_has_the_answer_already_is_not_sent_it_again(client: httpx2.AsyncClient) -> None:
    first = await client.get(PAGE)
    seen = first.headers["etag"]
    for known in (seen, f"W/{seen}", f'"x", {seen}', "*"):
        again = await client.get(PAGE, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", seen)
        assert "content-length" not in again.headers
    assert (await client.head(PAGE, headers={"If-None-Match": seen})).status_code == 304
    for other in ('"3"', "nonsense", ""):
        assert (await client.get(PAGE, headers={"If-None-Match": other})).content == first.content
    now_at["views"] = 1
    assert (await client.get(PAGE, headers={"If-None-Match": seen})).status_code == 200


async def test_a_body_of_bytes_comes_as_it_is(client: httpx2.AsyncClient) -> None:
    for wrong in ("application/json", "image/gif", ""):
        answer = await client.post("/api/v1/pictures", content=b"{}", headers={"Content-Type": wrong})
        problem(answer, 415, "unsupported-media-type")
    large, limit = {"Content-Type": "image/png"}, 2 * 1024 * 1024
    problem(await client.post("/api/v1/pictures", content=b"x" * (limit + 1), headers=large), 413, "body-too-large")
    assert not kept
    answer = await client.post("/api/v1/pictures", content=b"\x00\xff" * (limit // 2), headers=large)
    assert (answer.status_code, len(kept[0]), answer.content) == (201, limit, b"seen")
    assert answer.headers.get_list("content-type") == ["image/png"]
    assert answer.headers.get_list("cache-control") == ["public, immutable"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_versions_and_bytes_are_described() -> None:
    paths: dict[str, Any] = describe(ROUTES, token_url="")["paths"]
    page, pictures = paths[PAGE], paths["/api/v1/pictures"]["post"]
    asked = {name: {p["name"]: p["required"] for p in operation["parameters"]} for name, operation in page.items()}
    assert asked["get"] == {"Correlation-Id": False, "If-None-Match": False}
    assert asked["patch"] == {"If-Match": True, "Correlation-Id": False, "Idempotency-Key": False}
    assert asked["put"]["If-Match"] is False
    assert {"304", "200"} <= page["get"]["responses"].keys()
    assert {"412", "428"} <= page["patch"]["responses"].keys()
    assert "428" not in page["put"]["responses"]
    assert "ETag" in page["get"]["responses"]["200"]["headers"]
    assert set(pictures["requestBody"]["content"]) == {"image/png", "image/webp"}
