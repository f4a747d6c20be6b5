"""Tasks that a warehouse's own system does, a real HTTP server that fails: asked once, heard, called off, short."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.shops import a_call, open_shop
from tests.warehouse_systems import WarehouseServer, a_warehouse_system
from tradewind.adapters.warehouse_system.rest import rest_warehouse
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.shipping._domain.handover import ASK_EVERY
from tradewind.contexts.shipping._store.warehouse_orders import LEASE_S
from tradewind.contexts.shipping._warehouse.crew import pick_by_system
from tradewind.contexts.shipping.conftest import Dock
from tradewind.contexts.shipping.manifest import ClaimTask, DispatchShipment, HandTaskOver, PutTaskBack, SplitShipment
from tradewind.contexts.shipping.split_shipment.command import PickedAlready
from tradewind.kernel import clock
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.ports.warehouse_system import WarehouseSystem
from tradewind.runtime import failpoints

ANN = a_call("warehouse", subject="ann")
HOUR = timedelta(hours=1)
STATES = "SELECT state, why FROM shipping.warehouse_order WHERE shipment_id = $1 ORDER BY id"
PARTS = """
    SELECT s.lines::text, t.state,
           (SELECT count(*) FROM shipping.parcel AS p WHERE p.shipment_id = s.id) AS parcels
    FROM shipping.shipments AS s JOIN shipping.fulfillment_task AS t ON t.shipment_id = s.id
    WHERE s.order_id = $1 ORDER BY s.part
"""


@dataclass
class Hall(Dock):
    """A dock whose warehouse picks by itself. `later` is how far its clock is put forward."""

    server: WarehouseServer
    later: timedelta = timedelta(0)

    async def turn(self, later: timedelta = timedelta(0)) -> int:
        """One turn of the crew, so much later than the one before."""
        self.later += later
        with clock.held(clock.now() + self.later):
            return await pick_by_system(self.db)

    async def open(self) -> tuple[UUID, UUID]:
        """(order, shipment) of three lamps and a rope that may be picked."""
        order_id, shipment_id = await self.a_shipment()
        lines = 'UPDATE shipping.shipments SET lines = \'{"LAMP": 3, "ROPE": 1}\' WHERE id = $1'
        await self.db.pool.execute(lines, shipment_id)
        return order_id, shipment_id

    async def handed(self) -> tuple[UUID, UUID]:
        """(order, shipment) that was handed over."""
        order_id, shipment_id = await self.open()
        await self.shop.dispatch(HandTaskOver(shipment_id=shipment_id), ANN)
        return order_id, shipment_id

    async def states(self, shipment_id: UUID) -> list[str]:
        """Of every fulfilment order of a shipment."""
        return [row["state"] for row in await self.db.pool.fetch(STATES, shipment_id)]

    async def parts(self, order_id: UUID) -> list[tuple[Any, ...]]:
        """(what is in it, its task, how many parcels) of each shipment of an order."""
        return [tuple(row) for row in await self.db.pool.fetch(PARTS, order_id)]

    async def story(self, order_id: UUID) -> list[str]:
        """What was told of an order."""
        return [word for word, key in await self.told() if key == str(order_id)]


@pytest_asyncio.fixture
async def hall(settings: Settings, own_engines: Engines) -> AsyncIterator[Hall]:
    async with a_warehouse_system() as server, rest_warehouse(server.url, None, timeout_s=0.5) as system:
        async with open_shop(settings, own_engines, connections=8, instead={WarehouseSystem: system}) as shop:
            yield Hall(shop, server)


ALL = '{"LAMP": 3, "ROPE": 1}'


async def test_only_an_open_task_is_handed_over_by_the_warehouse_and_only_once(hall: Hall) -> None:
    order_id, shipment_id = await hall.open()
    for role in ("customer", "support"):
        with pytest.raises(Forbidden):
            await hall.shop.dispatch(HandTaskOver(shipment_id=shipment_id), a_call(role))
    assert await hall.states(shipment_id) == []
    await hall.shop.dispatch(HandTaskOver(shipment_id=shipment_id), ANN)
    for refused in (HandTaskOver(shipment_id=shipment_id), ClaimTask(shipment_id=shipment_id)):
        with pytest.raises(IllegalMove):
            await hall.shop.dispatch(refused, ANN)
    with pytest.raises(PickedAlready):
        await hall.shop.dispatch(SplitShipment(shipment_id=shipment_id, lines=(("ROPE", 1),)), ANN)
    assert (await hall.states(shipment_id), await hall.parts(order_id)) == (["WANTED"], [(ALL, "HANDED_OVER", 0)])


@pytest.mark.parametrize("trouble", ["500", "lost", "slow"])
async def test_what_the_system_picked_is_packed_here_whatever_answers_were_lost(hall: Hall, trouble: str) -> None:
    order_id, shipment_id = await hall.handed()
    hall.server.script = [trouble]
    assert (await hall.turn(), await hall.states(shipment_id)) == (1, ["WANTED"])
    assert await hall.turn() == 0, "not again at once"
    await hall.turn(HOUR)
    assert await hall.states(shipment_id) == ["SENT"]
    (key,) = hall.server.orders
    await hall.turn(ASK_EVERY)
    assert await hall.parts(order_id) == [(ALL, "HANDED_OVER", 0)]
    hall.server.reports_that(key, {"LAMP": 3, "ROPE": 1}, boxes=2)
    hall.server.script = ["500"]
    for _ in range(2):
        await hall.turn(HOUR)
    assert (await hall.states(shipment_id), await hall.parts(order_id)) == (["DONE"], [(ALL, "PACKED", 2)])
    assert await hall.story(order_id) == ["created", "packed"]
    assert hall.server.to_pick == 1
    assert await hall.turn(HOUR) == 0, "nothing is left to ask"


async def test_whoever_dies_with_a_report_in_hand_leaves_it_to_another_and_it_counts_once(hall: Hall) -> None:
    order_id, shipment_id = await hall.handed()
    await hall.turn()
    (key,) = hall.server.orders
    hall.server.reports_that(key, {"LAMP": 1, "ROPE": 1})
    failpoints.arm({"shipping.before_picks": "raise"})
    try:
        with pytest.raises(failpoints.FailpointHit):
            await hall.turn(ASK_EVERY)
    finally:
        failpoints.arm({})
    assert await hall.parts(order_id) == [(ALL, "HANDED_OVER", 0)]
    for _ in range(2):
        await hall.turn(timedelta(seconds=LEASE_S))
    assert await hall.parts(order_id) == [('{"LAMP": 1, "ROPE": 1}', "PACKED", 1), ('{"LAMP": 2}', "OPEN", 0)]
    assert await hall.story(order_id) == ["created", "created", "picked_short", "packed"]
    assert await hall.states(shipment_id) == ["DONE"]


@pytest.mark.parametrize(
    ("lines", "boxes"),
    [({"LAMP": 4, "ROPE": 1}, 1), ({"LAMP": 3}, 1), ({"LAMP": 0, "ROPE": 0}, 1), ({"LAMP": 3, "ROPE": 1}, 0)],
)
async def test_what_cannot_have_been_picked_is_not_believed_and_people_pick_instead(
    hall: Hall, lines: dict[str, int], boxes: int
) -> None:
    order_id, shipment_id = await hall.handed()
    await hall.turn()
    (key,) = hall.server.orders
    hall.server.reports_that(key, lines, boxes)
    await hall.turn(ASK_EVERY)
    assert (await hall.states(shipment_id), await hall.parts(order_id)) == (["REFUSED"], [(ALL, "OPEN", 0)])
    await hall.shop.dispatch(ClaimTask(shipment_id=shipment_id), ANN)


async def test_what_the_system_does_not_take_is_open_again_and_its_reason_is_kept(hall: Hall) -> None:
    order_id, shipment_id = await hall.a_shipment()
    unknown = "UPDATE shipping.shipments SET lines = '{\"UNKNOWN\": 1}' WHERE id = $1"
    await hall.db.pool.execute(unknown, shipment_id)
    await hall.shop.dispatch(HandTaskOver(shipment_id=shipment_id), ANN)
    await hall.turn()
    assert tuple(await hall.db.pool.fetchrow(STATES, shipment_id)) == ("REFUSED", "no such SKU")
    assert [part[1] for part in await hall.parts(order_id)] == ["OPEN"]


@pytest.mark.parametrize("by", ["put back", "called off", "sent by hand"])
@pytest.mark.parametrize("heard", [False, True])
async def test_a_task_that_is_taken_away_from_the_system_is_called_off_there(hall: Hall, by: str, heard: bool) -> None:
    order_id, shipment_id = await hall.handed()
    hall.server.script = [] if heard else ["lost"]
    await hall.turn()
    if by == "put back":
        await hall.shop.dispatch(PutTaskBack(shipment_id=shipment_id), ANN)
    elif by == "called off":
        await hall.cancel(order_id)
    else:
        await hall.shop.dispatch(DispatchShipment(shipment_id=shipment_id), ANN)
    hall.server.script = ["lost"]
    for _ in range(2):
        await hall.turn(HOUR)
    assert await hall.states(shipment_id) == ["CANCELED"]
    assert hall.server.to_pick == 0
    assert await hall.turn(HOUR) == 0
