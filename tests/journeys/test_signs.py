"""What can be seen of an order from outside: its trail through events and logs, the metrics; and what must not be."""

import json
from typing import Final

import pytest

from tests.journeys.test_mending import phase_of, saga
from tests.log_lines import ALWAYS, OF_A_CALL
from tests.markets import Market
from tradewind.kernel.ids import new_id, new_trace_id

pytestmark = pytest.mark.xdist_group("journeys")

CANARIES: Final = {
    "name": "Canary Featherstone", "company": "Yellowbird Aviaries", "line1": "17 Canarygrass Lane", "city": "Birdham",
    "postalCode": "CA9 4RY", "phone": "+44 20 7946 0123",
}  # fmt: skip
METRICS: Final = (
    "orders_created_total",
    "order_creation_latency_ms_bucket",
    "inventory_reservation_failures_total",
    "saga_outcomes_total",
    "event_lag_ms_bucket",
)
EVERY_LINE: Final = {
    "command": {"spanId", "command", "outcome"},
    "saga moved": {"spanId", "saga", "step", "phase", "why", "orderId"},
    "event heard": {"spanId", "subscriber", "eventType", "key"},
}
"""What lines say beside what each says, at an edge, of a saga and of a subscriber."""
TRAIL: Final = "SELECT actor, correlation_id FROM runtime.audit_entry WHERE subject = $1 AND action = 'orders.place'"
WRITTEN: Final = """
    SELECT (SELECT string_agg(payload::text, ' ') FROM runtime.outbox) AS outbox,
           (SELECT string_agg(a::text, ' ') FROM runtime.audit_entry AS a) AS trail,
           (SELECT string_agg(i::text, ' ') FROM runtime.idempotency AS i) AS answers,
           (SELECT string_agg(s::text, ' ') FROM runtime.saga AS s) AS sagas,
           (SELECT string_agg(j::text, ' ') FROM runtime.saga_journal AS j) AS journal,
           (SELECT string_agg(d::text, ' ') FROM runtime.dead_letter AS d) AS dead_letters
"""


async def test_one_trail_leads_from_the_request_through_every_event(either_market: Market) -> None:
    market, buyer, trace, name = either_market, either_market.somebody(), new_trace_id(), f"till-7/{new_id()}"
    body = {"items": [{"sku": await market.goods(stock=1), "qty": 1}], "paymentMethod": "simulated:approve"}
    answer = await buyer.post(
        "/api/v1/orders", body, Correlation_Id=name, traceparent=f"00-{trace}-00f067aa0ba902b7-01", Prefer="wait=20"
    )
    assert answer.headers["correlation-id"] == name
    order_id = answer.json()["id"]
    await market.comes_to(buyer, order_id, "PAID")
    events = await market.events(order_id)
    assert len(events) >= 6
    assert {(event["correlation_id"], event["trace_id"]) for event in events} == {(name, trace)}
    entry = await market.shop.db.pool.fetchrow(TRAIL, order_id)
    assert (entry["actor"], entry["correlation_id"]) == (buyer.subject, name)


async def test_a_refusal_carries_the_trace_and_every_answer_a_correlation_id(market: Market) -> None:
    trace = new_trace_id()
    refused = await market.somebody().get(f"/api/v1/orders/{new_id()}", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    assert (refused.status_code, refused.json()["traceId"]) == (404, trace)
    assert refused.headers["correlation-id"]
    bad = await market.somebody().get("/api/v1/orders", Correlation_Id="x" * 129)
    assert (bad.status_code, bad.json()["type"]) == (400, "/problems/invalid-header")


async def test_the_metrics_of_all_processes_are_seen_at_one_address(market: Market) -> None:
    buyer, sku = market.somebody(), await market.goods(stock=1)
    order_id = (await buyer.order(sku)).json()["id"]
    await market.cannot_have(buyer, await buyer.order(sku))
    await market.comes_to(buyer, order_id, "PAID")

    async def shown() -> dict[str, float] | None:
        page = (await market.nobody.get("/metrics")).text
        lines = [line for line in page.splitlines() if not line.startswith("#")]
        sums = {name: sum(float(line.split()[-1]) for line in lines if line.startswith(name)) for name in METRICS}
        return sums if all(sums.values()) else None

    print(await market.sees(shown))


async def test_logs_say_which_order_whose_and_which_trace_and_never_who_lives_where(market: Market) -> None:
    buyer, trace, name = market.somebody(), new_trace_id(), f"till-9/{new_id()}"
    sku = await market.goods(stock=3)
    body = {"items": [{"sku": sku, "qty": 1}], "shippingAddress": {"country": "GB", **CANARIES}}
    traced = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "Correlation_Id": name}
    order_id = ""
    for pays, status in (("approve", "PAID"), ("decline", "CANCELED"), ("decline-capture", "CONFIRMED")):
        placed = await buyer.post(
            "/api/v1/orders", {**body, "paymentMethod": f"simulated:{pays}"}, Idempotency_Key=pays, **traced
        )
        order_id = placed.json()["id"]
        await market.comes_to(buyer, order_id, status)
    await buyer.post("/api/v1/orders", {**body, "shippingAddress": {"country": "gb", **CANARIES}}, **traced)

    async def ours() -> list[dict[str, str]] | None:
        lines = [json.loads(line) for line in market.logs().splitlines()]
        found = [line for line in lines if line.get("traceId") == trace]
        return found if any(line.get("orderId") == order_id for line in found) else None

    found = await market.sees(ours)
    assert buyer.subject in {line.get("userId") for line in found}
    assert {line["correlationId"] for line in found} == {name}
    assert market.writing <= {line["process"] for line in found}
    placing = [line for line in found if line.get("command") == "PlaceOrder"]
    assert {(line["userKind"], line["tenant"], line["userId"]) for line in placing} == {
        ("guest", "default", buyer.subject)
    }
    for event, own in EVERY_LINE.items():
        lines = [line for line in found if line["event"] == event]
        assert lines
        assert {frozenset(line) for line in lines} == {ALWAYS | OF_A_CALL | own}
    assert len({line["lineId"] for line in found}) == len(found)
    assert {len(line["spanId"]) for line in found if "spanId" in line} == {16}
    row, of_stock = [await pool.fetchrow(WRITTEN) for pool in (market.shop.db.pool, market.stock_pool)]
    places = {"logs": market.logs(), **{table: f"{text} {of_stock[table]}" for table, text in row.items()}}
    leaks = [(place, said) for place, text in places.items() for said in CANARIES.values() if said in text]
    assert leaks == []
    assert order_id in places["outbox"]
    await phase_of(market, order_id, "NEEDS_ATTENTION")  # whoever audits the market next is to find it at rest
    assert (await saga(market, "compensate", order_id, "--why", "the bank said no"))[0] == 0
    await market.comes_to(buyer, order_id, "CANCELED")
