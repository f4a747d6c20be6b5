"""S3: what attackers write into headers, and into addresses that are no route's: no page shows it, nothing runs it."""

import json
from typing import Final

import pytest

from tests.markets import Market
from tests.security.corpus import LEAKS, TEXTS, escaped
from tests.security.problems import nothing_written

pytestmark = pytest.mark.xdist_group("security")

HEADERS: Final = (
    "Accept", "Authorization", "Content-Type", "Cookie", "Correlation-Id", "Forwarded", "Host", "Idempotency-Key",
    "If-Match", "If-None-Match", "Last-Event-ID", "Prefer", "Referer", "traceparent", "User-Agent", "X-Forwarded-For",
    "X-Forwarded-Host", "X-HTTP-Method-Override", "X-Original-URL",
)  # fmt: skip
ECHOED: Final = "correlation-id"
"""The one header that comes back, where it is fit to."""


def printable(text: str) -> str:
    """What a client can send in a header."""
    return "".join(one for one in text[:4_000] if " " <= one <= "~").strip()


@pytest.mark.parametrize("path", ["/", "/docs/", "/problems/", "/health/", "/.well-known/", "/media/", "/sse/"])
async def test_no_page_is_made_of_what_its_address_says(quiet_market: Market, path: str) -> None:
    for name, bait in TEXTS.items():
        answer = await quiet_market.http.get(f"{path}{escaped(bait)}")
        assert answer.status_code in {200, 404, 405, 422}, f"{name}: {answer.text}"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "script-src 'unsafe-inline'" not in answer.headers["content-security-policy"]
        assert answer.headers["content-type"] == "application/problem+json" or not bait, name
        assert not [leak for leak in LEAKS if leak in answer.text.lower().replace(json.dumps(bait)[1:-1].lower(), "")]


async def test_the_page_that_runs_scripts_runs_its_own_alone(quiet_market: Market) -> None:
    page = await quiet_market.http.get("/docs?<script>alert(1)</script>")
    assert page.headers["content-type"].startswith("text/html")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert page.text.count("<script") == page.text.count('<script src="/docs/')
    assert "alert" not in page.text


@pytest.mark.parametrize("header", HEADERS)
async def test_what_a_header_says_is_neither_run_nor_told_again(quiet_market: Market, header: str) -> None:
    admin = quiet_market.admin
    async with nothing_written(quiet_market):
        for name, bait in TEXTS.items():
            headers = {"Authorization": f"Bearer {admin.token}", header: printable(bait)}
            answer = await quiet_market.http.get("/api/v1/orders?limit=1", headers=headers)
            assert answer.status_code in {200, 400, 401, 404, 422}, f"{name}: {answer.text}"
            assert not [leak for leak in LEAKS if leak in answer.text.lower()], name
            assert not {"x-injected", "set-cookie"} & {*answer.headers}
            told = [
                one for one, value in answer.headers.items() if len(printable(bait)) > 9 and printable(bait) in value
            ]
            assert set(told) <= {ECHOED}, name
    assert "request failed" not in quiet_market.logs()
