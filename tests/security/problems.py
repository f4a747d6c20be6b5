"""What every refusal over HTTP must look like, and the stage on which bad requests are played."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from tests.markets import Market

MEMBERS = {"type", "title", "status", "detail", "instance", "traceId"}


def problem(answer: httpx2.Response, status: int, kind: str) -> dict[str, Any]:
    """The problem document of `answer`, which must be whole and of this status and kind."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found.keys() >= MEMBERS, found
    assert (found["type"], found["status"]) == (f"/problems/{kind}", status)
    assert all(found[member] for member in MEMBERS)
    assert "Traceback" not in answer.text
    assert "asyncpg" not in answer.text
    return found


@asynccontextmanager
async def nothing_written(market: Market) -> AsyncIterator[None]:
    """Whatever happens within, every table reads the same afterwards."""
    before = await market.content()
    assert len(before) > 20
    yield
    after = await market.content()
    assert {table for table in after if after[table] != before[table]} == set()
