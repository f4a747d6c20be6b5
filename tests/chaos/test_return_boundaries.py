"""R1 for what comes back: an edge dies around an inspection or an unpacking, a worker at every boundary of a refund.

Another one carries on: restocked once, paid back once, and the return says so.
"""

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio

from tests.chaos import workload
from tests.chaos.boundaries import REMOTE
from tests.chaos.nursery import Nursery
from tests.chaos.served import HOST, ready
from tests.chaos.stands import Stand, a_stand, dice
from tests.comebacks import received
from tests.shops import a_call
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.contexts.returns._domain.returned import Line
from tradewind.contexts.returns.manifest import InspectReturn
from tradewind.contexts.shipping.manifest import DeliverShipment, DispatchShipment, ReportReturned

EAST: Final = "EAST"
"""The warehouse that everything comes back to."""
OPEN: Final = "INSERT INTO inventory.warehouse (code, name) VALUES ($1, $1)"
STAFF: Final = a_call("admin", subject="staff")
SHIPMENT: Final = "SELECT id FROM shipping.shipments WHERE order_id = $1"
LINES: Final = "SELECT sku, sum(quantity)::int AS quantity FROM orders.order_items WHERE order_id = $1 GROUP BY sku"
BACK: Final = """
    SELECT r.status, f.status AS refund, p.refunded_minor = r.amount_minor AS paid,
           (SELECT array_agg(warehouse) FROM inventory.inventory_adjustment
            WHERE reference LIKE 'return:' || r.id || ':%') AS shelved
    FROM returns.returns AS r JOIN payments.refund AS f ON f.id = r.refund_id
    JOIN payments.payments AS p ON p.order_id = r.order_id WHERE r.id = $1
"""
WORKER: Final = (*(f"saga.send_refund.{point}" for point in REMOTE), "relay.before_commit", "relay.after_commit")
EDGE: Final = ("inspect.before_commit", "inspect.after_commit")
UNPACKING: Final = ("unpack.before_commit", "unpack.after_commit")
UNDELIVERED: Final = """
    SELECT h.status, (SELECT array_agg(delta ORDER BY sku) FROM inventory.inventory_adjustment
                      WHERE reference LIKE 'unpacked:' || h.id || ':%') AS shelved
    FROM shipping.shipments AS h WHERE h.id = $1
"""


@pytest_asyncio.fixture
async def delivered(
    settings: Settings, shared_engines: Engines, template: Engines, nursery: Nursery, tmp_path: Path
) -> AsyncIterator[Stand]:
    """A stand with an order for each boundary, that its buyer has."""
    async with a_stand(settings, shared_engines, template, nursery, tmp_path / "stand") as stand:
        number = max(len(WORKER), len(EDGE))
        expected = await workload.place(stand.shop, [workload.APPROVE] * number, dice(0, "returns"))
        worker = stand.worker()
        await stand.settles(expected)
        for order_id in expected:
            shipment_id = await stand.shop.db.pool.fetchval(SHIPMENT, order_id)
            await stand.shop.dispatch(DispatchShipment(shipment_id=shipment_id), STAFF)
            await stand.shop.dispatch(DeliverShipment(shipment_id=shipment_id), STAFF)
        await stand.settles(dict.fromkeys(expected, "FULFILLED"))
        assert await worker.stop() == 0
        await stand.shop.db.pool.execute(OPEN, EAST)
        stand.completed.extend(expected)
        yield stand


async def come_back(stand: Stand) -> tuple[UUID, Any]:
    """An order of which all of one product is in the warehouse; the order's id, and the return."""
    order_id = stand.completed.pop()
    row = await stand.shop.db.pool.fetchrow(LINES, order_id)
    return order_id, await received(stand.shop, order_id, row["sku"], row["quantity"], warehouse=EAST)


async def standing(stand: Stand, return_id: UUID) -> tuple[Any, ...]:
    return tuple(await stand.shop.db.pool.fetchrow(BACK, return_id))


@pytest.mark.timeout(300)
async def test_a_worker_killed_at_any_boundary_of_a_returns_refund_pays_it_back_once(delivered: Stand) -> None:
    stand = delivered
    for boundary in WORKER:
        order_id, back = await come_back(stand)
        line = Line(sku=back.lines[0].sku, quantity=back.lines[0].qty, restocked=back.lines[0].qty)
        await stand.shop.dispatch(InspectReturn(return_id=back.id, lines=(line,)), STAFF)
        victim = stand.worker(FAILPOINTS=f"{boundary}=kill@1")
        assert await victim.ended(within_s=30) == -signal.SIGKILL, boundary
        heir = stand.worker()
        await stand.settles({order_id: "FULFILLED"}, at=boundary)
        assert await heir.stop() == 0
        assert await standing(stand, back.id) == ("REFUNDED", "DONE", True, [EAST]), boundary
    print(f"\n{len(WORKER)} workers killed while something came back: each paid back once")


async def said(http: aiohttp.ClientSession, url: str, body: Any, headers: dict[str, str]) -> Any:
    async with http.post(url, json=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def asked_through_a_dying_edge(stand: Stand, boundary: str, path: str, body: Any) -> tuple[Any, Any]:
    """What an edge said, and said again, after another one had died at this boundary of the same request."""
    own = stand.shop.settings.public_url
    token = stand.shop.keys.sign(subject="boss", roles=("admin",), scopes=("*",), tenant="default", lifetime_s=600)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": boundary}
    ports = free_port(HOST), free_port(HOST)
    async with aiohttp.ClientSession() as http:
        victim = stand.edge(ports[0], FAILPOINTS=f"{boundary}=kill@1", PUBLIC_URL=own)
        await ready(http, f"http://{HOST}:{ports[0]}")
        with pytest.raises(aiohttp.ClientConnectionError):
            await said(http, f"http://{HOST}:{ports[0]}{path}", body, headers)
        assert await victim.ended() == -signal.SIGKILL
        survivor = stand.edge(ports[1], PUBLIC_URL=own)
        url = f"http://{HOST}:{ports[1]}"
        await ready(http, url)
        first, again = [await said(http, url + path, body, headers) for _ in range(2)]
        assert await survivor.stop() == 0
    return first, again


@pytest.mark.timeout(300)
async def test_an_inspection_whose_edge_died_around_its_commit_counts_once_when_asked_again(delivered: Stand) -> None:
    stand = delivered
    for boundary in EDGE:
        order_id, back = await come_back(stand)
        found = {"lines": [{"sku": back.lines[0].sku, "restock": back.lines[0].qty}]}
        path = f"/api/v1/returns/{back.id}/inspect"
        first, again = await asked_through_a_dying_edge(stand, boundary, path, found)
        assert first == again, boundary
        worker = stand.worker()
        await stand.settles({order_id: "FULFILLED"}, at=boundary)
        assert await worker.stop() == 0
        assert await standing(stand, back.id) == ("REFUNDED", "DONE", True, [EAST]), boundary


@pytest.mark.timeout(300)
async def test_what_came_back_undelivered_is_shelved_once_when_an_edge_died_around_the_commit(stand: Stand) -> None:
    expected = await workload.place(stand.shop, [workload.APPROVE] * len(UNPACKING), dice(0, "undelivered"))
    worker = stand.worker()
    await stand.settles(expected)
    for boundary, order_id in zip(UNPACKING, expected, strict=True):
        shipment_id = await stand.shop.db.pool.fetchval(SHIPMENT, order_id)
        await stand.shop.dispatch(DispatchShipment(shipment_id=shipment_id), STAFF)
        await stand.shop.dispatch(ReportReturned(shipment_id=shipment_id), STAFF)
        sent = {row["sku"]: row["quantity"] for row in await stand.shop.db.pool.fetch(LINES, order_id)}
        found = {"lines": [{"sku": sku, "restock": pieces} for sku, pieces in sent.items()]}
        path = f"/api/v1/shipments/{shipment_id}/unpack"
        first, again = await asked_through_a_dying_edge(stand, boundary, path, found)
        assert first == again, boundary
        shelved = [pieces for _, pieces in sorted(sent.items())]
        assert tuple(await stand.shop.db.pool.fetchrow(UNDELIVERED, shipment_id)) == ("UNPACKED", shelved), boundary
    await stand.settles(expected)
    assert await worker.stop() == 0
