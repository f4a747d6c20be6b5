"""What OpenSearch is told of the log before lines come: fields, an index a day, and for how many days."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any, Final

import pytest
import pytest_asyncio
from aiohttp import web

from tests.engines import address
from tests.listening import listening
from tradewind.adapters.opensearch.link import client_of
from tradewind.adapters.opensearch.log_index import ISM, prepare
from tradewind.app.free_ports import free_port
from tradewind.kernel.ids import new_id

TODAY: Final = date(2026, 11, 30)
real = pytest.mark.engine("opensearch")
played = pytest.mark.adapter("opensearch", played=True)


def day(before: int) -> str:
    return (TODAY - timedelta(days=before)).isoformat()


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Any]:
    opened = client_of(address("OPENSEARCH_URL"), timeout_s=30.0)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def index(client: Any) -> AsyncIterator[str]:
    name = f"log-test-{new_id().hex}"
    yield name
    await client.indices.delete(index=f"{name}-*")
    await client.indices.delete_index_template(name=name)


@real
async def test_an_index_of_any_day_has_the_fields_that_are_searched_and_no_others(client: Any, index: str) -> None:
    await prepare(client, TODAY, 14, index)
    name = f"{index}-{day(0)}"
    line = {
        "at": "2026-11-30T10:00:00.123456Z",
        "event": "saga moved",
        "traceId": "t1",
        "spanId": "s1",
        "more": {"a": 1},
    }
    await client.create(index=name, id="l1", body=line, refresh=True)
    mapping = (await client.indices.get_mapping(index=name))[name]["mappings"]
    kinds = {field: said["type"] for field, said in mapping["properties"].items()}
    assert kinds["at"] == "date"
    names = (
        "traceId",
        "spanId",
        "correlationId",
        "userId",
        "userKind",
        "tenant",
        "orderId",
        "process",
        "level",
        "event",
    )
    assert {kinds[field] for field in names} == {"keyword"}
    assert "more" not in kinds
    found = await client.search(index=f"{index}-*", body={"query": {"match": {"event.text": "moved"}}})
    assert [hit["_source"] for hit in found["hits"]["hits"]] == [line]


@real
async def test_days_that_are_too_old_go_and_nothing_else_does(client: Any, index: str) -> None:
    names = [*(f"{index}-{day(before)}" for before in (0, 7, 8, 30)), f"{index}-2026", f"{index}-kept-{day(30)}"]
    for name in names:
        await client.indices.create(index=name)
    done = await prepare(client, TODAY, 7, index)
    assert (done.dropped, done.by_itself, done.days) == ([f"{index}-{day(30)}", f"{index}-{day(8)}"], False, 7)
    assert set(await client.indices.get(index=f"{index}-*")) == set(names) - set(done.dropped)
    assert (await prepare(client, TODAY, 7, index)).dropped == []


class Played:
    """An OpenSearch with the plugin for index management, as far as it is asked."""

    def __init__(self) -> None:
        self.policy: dict[str, Any] | None = None
        self.told: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        """One question."""
        if request.path.startswith("/_plugins/_ism/policies/"):
            return await self._policies(request)
        if request.path.startswith("/_cat/plugins"):
            return web.json_response([{"component": ISM}])
        return web.json_response({})

    async def _policies(self, request: web.Request) -> web.Response:
        if request.method == "PUT":
            given = dict(request.query)
            if self.policy is not None and given != {"if_seq_no": "7", "if_primary_term": "1"}:
                return web.json_response({"error": "version conflict"}, status=409)
            self.told.append(given)
            self.policy = json.loads(await request.text())["policy"]
        elif self.policy is None:
            return web.json_response({"error": "not found"}, status=404)
        return web.json_response({"_seq_no": 7, "_primary_term": 1, "policy": self.policy})


@asynccontextmanager
async def an_opensearch_that_keeps_by_itself() -> AsyncIterator[tuple[Played, str]]:
    found, site = Played(), web.Application()
    site.router.add_route("*", "/{path:.*}", found.answer)
    async with listening(site) as url:
        yield found, url


@played
async def test_where_it_can_opensearch_is_told_to_drop_old_days_by_itself_and_may_be_told_anew() -> None:
    async with an_opensearch_that_keeps_by_itself() as (found, url):
        client = client_of(url)
        assert (await prepare(client, TODAY, 14)).by_itself
        assert (await prepare(client, TODAY, 3)).by_itself
        await client.close()
    assert found.told == [{}, {"if_seq_no": "7", "if_primary_term": "1"}]
    assert found.policy is not None
    kept, gone = found.policy["states"]
    assert kept["transitions"] == [{"state_name": "gone", "conditions": {"min_index_age": "4d"}}]
    assert gone["actions"] == [{"delete": {}}]
    assert found.policy["ism_template"] == [{"index_patterns": ["tradewind-logs-*"], "priority": 100}]


async def run(url: str, *more: str) -> tuple[int | None, str, str]:
    """`tradewind logs prepare`: how it ended, what it printed, what it said aside."""
    made = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tradewind.app.cli", "logs", "prepare", *more,
        env={**os.environ, "TRADEWIND_OPENSEARCH_URL": url},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, aside = await made.communicate()
    return made.returncode, out.decode(), " ".join(aside.decode().split())


@played
async def test_the_command_says_what_it_did_and_what_is_to_be_done_where_it_could_not() -> None:
    async with an_opensearch_that_keeps_by_itself() as (_, url):
        code, out, _ = await run(url, "--days", "5", "--json")
        assert (code, json.loads(out)) == (
            0, {"index": "tradewind-logs", "days": 5, "byItself": True, "dropped": []},
        )  # fmt: skip
        code, out, _ = await run(url)
        assert (code, "kept for 14 days, it drops older days by itself" in out) == (0, True)
    code, out, aside = await run(f"http://127.0.0.1:{free_port('127.0.0.1')}")
    assert (code, out, "`tradewind doctor` says how it is" in aside) == (1, "", True)
    code, out, aside = await run("")
    assert (code, out, "TRADEWIND_OPENSEARCH_URL names no OpenSearch" in aside) == (1, "", True)
