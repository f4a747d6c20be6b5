"""Lines of the log on their way to OpenSearch by rsyslog: each is there once, whoever dies or is away meanwhile."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.log_shipping.conftest import Lines
from tests.engines import address
from tests.markets import open_market
from tests.wires import Wire, wire
from tradewind.adapters.opensearch.link import client_of
from tradewind.adapters.opensearch.log_index import LOG_INDEX
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id, new_trace_id
from tradewind.runtime.telemetry import log_files
from tradewind.runtime.telemetry.log_files import LogFiles

pytestmark = pytest.mark.engine("rsyslog")
FEW = 1_000
MANY = 6_000
KILLS = 4


async def all_are_there_once(lines: Lines, number: int) -> None:
    """Each of the numbers from 0 on, once, and under its own id."""
    await lines.until(number)
    found = await lines.found()
    assert Counter(line["key"] for line in found) == Counter(f"n{one}" for one in range(number))
    assert all(line["_id"] == line["lineId"] for line in found)


async def until_refused(between: Wire, times: int = 2) -> None:
    """Wait until the shipper has come so often, and was not let through."""
    async with asyncio.timeout(60):
        while between.refused < times:  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.1)


async def test_an_order_is_found_by_its_trace_in_the_lines_of_edge_and_worker(
    lines: Lines, settings: Settings, template: Engines, tmp_path: Path
) -> None:
    trace, folder = new_trace_id(), tmp_path / "market"
    folder.mkdir()
    told = {"TRADEWIND_LOG_FOLDER": str(lines.logs)}
    with lines.shipped():
        async with open_market(settings, template, folder, more=told) as market:
            buyer = market.somebody()
            body = {"items": [{"sku": await market.goods(stock=1), "qty": 1}], "paymentMethod": "simulated:approve"}
            traced = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
            order_id = (await buyer.post("/api/v1/orders", body, **traced)).json()["id"]
            await market.comes_to(buyer, order_id, "PAID")
        written = [json.loads(line) for file in lines.logs.iterdir() for line in file.read_text().splitlines()]
        await lines.until(len(written))
        found = await lines.found(traceId=trace)
    assert {line["lineId"] for line in found} == {line["lineId"] for line in written if line.get("traceId") == trace}
    (placed,) = await lines.found(traceId=trace, command="PlaceOrder", process="edge")
    assert (placed["userId"], placed["userKind"], placed["tenant"]) == (buyer.subject, "guest", "default")
    assert placed in await lines.found(spanId=placed["spanId"], userId=buyer.subject)
    moved = await lines.found(traceId=trace, process="worker", orderId=order_id, event="saga moved")
    assert [(line["userId"], line["userKind"]) for line in moved][-1] == ("system:saga:place_order", "system")
    assert all(len(line["spanId"]) == 16 for line in (placed, *moved))
    assert await lines.number() == len(written)


async def test_a_shipper_that_is_killed_again_and_again_loses_no_line_and_doubles_none(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "FILE_BYTES", 64 * 1024)
    for turn in range(KILLS):
        lines.write("edge", *range(turn * FEW, (turn + 1) * FEW))
        with lines.shipped() as shipper:
            await lines.until(turn * FEW + FEW // 10)  # it is at work
            lines.write("worker", *range((KILLS + turn) * FEW, (KILLS + turn + 1) * FEW))
            shipper.kill()
            shipper.wait()
    with lines.shipped():
        await all_are_there_once(lines, 2 * KILLS * FEW)


async def test_lines_wait_while_opensearch_is_away_and_while_it_hangs(lines: Lines) -> None:
    async with wire(lines.url) as between:
        with lines.shipped(between.url):
            lines.write("edge", *range(FEW))
            await lines.until(FEW)
            between.cut()
            lines.write("edge", *range(FEW, MANY))
            await until_refused(between)
            assert await lines.number() == FEW
            between.mend()
            await lines.until(MANY)
            between.hang()
            lines.write("edge", *range(MANY, MANY + FEW))
            await asyncio.sleep(1)
            between.cut()
            between.mend()
            await all_are_there_once(lines, MANY + FEW)


async def test_a_shipper_that_is_stopped_while_opensearch_is_away_goes_on_where_nothing_was_taken(lines: Lines) -> None:
    async with wire(lines.url) as between:
        with lines.shipped(between.url):
            lines.write("edge", *range(FEW))
            await lines.until(FEW)
            between.cut()
            lines.write("edge", *range(FEW, MANY))
            await until_refused(between)
    with lines.shipped():
        await all_are_there_once(lines, MANY)


async def test_what_opensearch_refuses_line_by_line_is_tried_again(lines: Lines) -> None:
    refuses = f"{lines.index}-2026-11-01"
    await lines.client.indices.create(index=refuses)
    await lines.client.indices.put_settings(index=refuses, body={"index.blocks.write": True})
    for number in range(0, FEW, 2):
        lines.write("edge", number, day="2026-11-01")
        lines.write("edge", number + 1, day="2026-11-02")
    with lines.shipped():
        await lines.until(FEW // 2)  # those were sent with the others, which therefore were refused
        assert {line["_index"] for line in await lines.found()} == {f"{lines.index}-2026-11-02"}
        await lines.client.indices.put_settings(index=refuses, body={"index.blocks.write": False})
        await all_are_there_once(lines, FEW)


async def test_a_line_goes_into_the_index_of_its_own_day_and_what_is_no_line_goes_nowhere(lines: Lines) -> None:
    lines.write("edge", 0, day="2026-11-01")
    lines.write("edge", 1, day="2026-11-02")
    with (lines.logs / "edge.torn.jsonl").open("w") as torn:
        torn.write('not a line\n{"event": "has no id"}\n{"lineId": "half')
    with lines.shipped():
        lines.write("edge", 2, day="2026-11-02")
        await all_are_there_once(lines, 3)
    days = {line["key"]: line["_index"].removeprefix(f"{lines.index}-") for line in await lines.found()}
    assert days == {"n0": "2026-11-01", "n1": "2026-11-02", "n2": "2026-11-02"}


async def test_whatever_else_a_line_says_it_is_taken(lines: Lines) -> None:
    odd: list[Any] = [7, "seven", {"a": {"b": 1}}, [1, "2"], None]
    out = LogFiles(lines.logs, "edge")
    for number, value in enumerate(odd):
        line = {
            "lineId": str(new_id()),
            "at": f"{now():%Y-%m-%dT%H:%M:%S.%fZ}",
            "event": 'é\t"\\ 雪',
            "key": f"n{number}",
        }
        out.write(json.dumps({**line, "facts": value}) + "\n")
    with lines.shipped():
        await all_are_there_once(lines, len(odd))
    assert {line["key"]: line["facts"] for line in await lines.found()} == {f"n{n}": one for n, one in enumerate(odd)}
    assert {line["event"] for line in await lines.found()} == {'é\t"\\ 雪'}


async def test_the_shipper_that_runs_takes_what_is_written_where_shops_are_told_to_write() -> None:
    trace, client = new_trace_id(), client_of(address("OPENSEARCH_URL"), timeout_s=30.0)
    line = {"lineId": str(new_id()), "at": f"{now():%Y-%m-%dT%H:%M:%S.%fZ}", "event": "hello", "traceId": trace}
    LogFiles(Path(address("LOG_FOLDER")), "test").write(json.dumps(line) + "\n")
    query = {"query": {"term": {"traceId": trace}}}
    async with asyncio.timeout(60):
        while True:
            said = await client.search(index=f"{LOG_INDEX}-*", body=query)
            if said["hits"]["total"]["value"]:
                break
            await asyncio.sleep(0.2)
    assert said["hits"]["hits"][0]["_source"] == line
    await client.close()
