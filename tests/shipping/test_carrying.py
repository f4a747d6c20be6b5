"""Parcels and their carrier, a real HTTP server that fails: booked once, called off, tracked, heard; in any order."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from tests.carriers import KEY, LABEL, SECRET, CarrierServer, a_parcel_carrier, notice, number, signed
from tests.shops import a_call, open_shop
from tradewind.adapters.carrier.notices import SignedNotices, UnfitSignature
from tradewind.adapters.carrier.rest import rest_carrier
from tradewind.adapters.carrier.simulated import SimulatedCarrier
from tradewind.app.edge import rest_app
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.shipping._carriage.crew import CALL, carry
from tradewind.contexts.shipping._carriage.noting import note
from tradewind.contexts.shipping._domain.parcel import TRACK_EVERY, BookingUnderWay, Size, UnknownCarrier
from tradewind.contexts.shipping._store import parcels
from tradewind.contexts.shipping.conftest import ADDRESS, Dock
from tradewind.contexts.shipping.hear_carrier.command import HearCarrier, NoSuchCarrier
from tradewind.contexts.shipping.list_parcels.query import ListParcels
from tradewind.contexts.shipping.manifest import (
    ClaimTask,
    DispatchShipment,
    PackTask,
    PickTask,
    ReportLoss,
)
from tradewind.contexts.shipping.print_label.query import NoSuchParcel, NothingToLabel, PrintLabel
from tradewind.kernel import clock
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.ports.carrier import Booked, Carrier, Carriers
from tradewind.runtime import failpoints

ANN = a_call("warehouse", subject="ann")
BOX = Size(weight_g=900, length_mm=300, width_mm=200, height_mm=100)
HOUR = timedelta(hours=1)
EVERYTHING = "SELECT to_jsonb(p)::text FROM shipping.parcel AS p ORDER BY id"


@dataclass
class Yard(Dock):
    """A dock with a carrier. `later` is how far its clock is put forward."""

    server: CarrierServer
    later: timedelta = timedelta(0)

    async def carry(self, later: timedelta = timedelta(0)) -> int:
        """One turn of the crew, so much later than the one before."""
        self.later += later
        with clock.held(clock.now() + self.later):
            return await carry(self.db)

    async def packed(self, *, boxes: int = 1, carrier: str | None = "rest") -> tuple[UUID, UUID]:
        """(order, shipment) in so many boxes."""
        order_id, shipment_id = await self.a_shipment()
        await self.db.pool.execute("UPDATE shipping.shipments SET lines = '{\"LAMP\": 1}' WHERE id = $1", shipment_id)
        await self.shop.dispatch(ClaimTask(shipment_id=shipment_id), ANN)
        await self.shop.dispatch(PickTask(shipment_id=shipment_id, lines=(("LAMP", 1),)), ANN)
        await self.pack(shipment_id, boxes=boxes, carrier=carrier)
        return order_id, shipment_id

    async def pack(self, shipment_id: UUID, *, boxes: int = 1, carrier: str | None = "rest") -> None:
        """Pack it, perhaps again."""
        await self.shop.dispatch(PackTask(shipment_id=shipment_id, parcels=(BOX,) * boxes, carrier=carrier), ANN)

    async def sent(self, *, boxes: int = 1) -> tuple[UUID, UUID]:
        """(order, shipment) that was booked and handed over."""
        order_id, shipment_id = await self.packed(boxes=boxes)
        await self.carry()
        await self.shop.dispatch(DispatchShipment(shipment_id=shipment_id), ANN)
        return order_id, shipment_id

    async def states(self, shipment_id: UUID) -> list[str]:
        """Of all its parcels, those that were called off among them."""
        sql = "SELECT state FROM shipping.parcel WHERE shipment_id = $1 ORDER BY created_at, number"
        return [row[0] for row in await self.db.pool.fetch(sql, shipment_id)]

    async def keys(self, shipment_id: UUID) -> list[str]:
        """By which the carrier knows its parcels."""
        found = await self.shop.dispatch(ListParcels(shipment_id=shipment_id), ANN)
        return [str(one.id) for one in found.items]

    async def story(self, order_id: UUID) -> list[str]:
        """What was told of an order."""
        return [word for word, key in await self.told() if key == str(order_id)]

    async def hears(self, *pairs: tuple[str, str], **more: Any) -> None:
        """The carrier tells by itself."""
        body, signature = notice(*pairs, **more)
        await self.shop.dispatch(HearCarrier(carrier="rest", headers=signed(signature), body=body), a_call("anonymous"))

    async def everything(self) -> list[str]:
        """Every parcel, as it is written."""
        return [row[0] for row in await self.db.pool.fetch(EVERYTHING)]


@pytest_asyncio.fixture
async def yard(settings: Settings, own_engines: Engines, tmp_path: Any) -> AsyncIterator[Yard]:
    async with a_parcel_carrier() as server, rest_carrier(server.url, KEY, timeout_s=0.5) as carrier:
        by_name: dict[str, Carrier] = {"rest": carrier, "simulated": SimulatedCarrier(tmp_path)}
        carriers = Carriers(by_name, {"rest": SignedNotices(SECRET)})
        async with open_shop(settings, own_engines, connections=8, instead={Carriers: carriers}) as shop:
            yield Yard(shop, server)


async def test_a_carrier_that_the_shop_does_not_know_is_refused_and_nothing_is_written(yard: Yard) -> None:
    _, shipment_id = await yard.packed(carrier=None)
    before = await yard.everything()
    with pytest.raises(UnknownCarrier):
        await yard.pack(shipment_id, carrier="owls")
    assert await yard.everything() == before
    assert await yard.carry() == 0
    assert await yard.states(shipment_id) == ["PACKED"]


async def test_a_packed_shipment_is_booked_and_goes_under_the_carriers_number(yard: Yard) -> None:
    yard.server.with_labels = True
    order_id, shipment_id = await yard.packed(boxes=2)
    assert await yard.carry() == 2
    first, second = await yard.keys(shipment_id)
    seen = (await yard.shop.dispatch(ListParcels(shipment_id=shipment_id), ANN)).items
    assert [(one.state, one.carrier, one.tracking_number) for one in seen] == [
        ("BOOKED", "rest", number(first)), ("BOOKED", "rest", number(second)),
    ]  # fmt: skip
    held = await yard.db.pool.fetch("SELECT label FROM shipping.parcel")
    assert {row[0] for row in held} == {LABEL}
    await yard.shop.dispatch(DispatchShipment(shipment_id=shipment_id), ANN)
    number_told = (
        "SELECT payload ->> 'trackingNumber' FROM runtime.outbox WHERE key = $1 AND payload ? 'trackingNumber'"
    )
    assert await yard.db.pool.fetchval(number_told, str(order_id)) == number(first)
    assert yard.server.bookings == 2


async def test_a_label_is_the_carriers_own_or_ours_and_there_is_one_a_parcel(yard: Yard) -> None:
    _, waits = await yard.a_shipment(ready=False)
    with pytest.raises(NothingToLabel):
        await yard.shop.dispatch(PrintLabel(shipment_id=waits), ANN)
    order_id, shipment_id = await yard.packed(boxes=2)
    with pytest.raises(NoSuchParcel):
        await yard.shop.dispatch(PrintLabel(shipment_id=shipment_id, parcel=3), ANN)
    await yard.carry()
    keys = await yard.keys(shipment_id)
    ours = [(await yard.shop.dispatch(PrintLabel(shipment_id=shipment_id, parcel=at), ANN)).content for at in (1, 2)]
    for at, pdf in enumerate(ours):
        for said in (f"Parcel {at + 1} of 2", number(keys[at]), ADDRESS["name"], "0.900 kg", f"order {order_id}"):
            assert f"({said})".encode() in pdf
    again = await yard.shop.dispatch(PrintLabel(shipment_id=shipment_id), ANN)
    assert again.content == ours[0], "the same bytes"
    yard.server.with_labels = True
    await yard.pack(shipment_id)
    await yard.carry()
    assert (await yard.shop.dispatch(PrintLabel(shipment_id=shipment_id), ANN)).content == LABEL


@pytest.mark.parametrize("trouble", ["500", "lost", "garbage", "slow"])
async def test_a_lost_answer_is_asked_for_again_by_its_key_later_and_booked_once(yard: Yard, trouble: str) -> None:
    _, shipment_id = await yard.packed()
    yard.server.script = [trouble, trouble, trouble]
    for _ in range(3):
        assert await yard.carry(HOUR) == 1
        assert await yard.states(shipment_id) == ["WANTED"]
        assert await yard.carry() == 0, "not again at once"
    assert await yard.carry(HOUR) == 1
    assert await yard.states(shipment_id) == ["BOOKED"]
    assert yard.server.bookings == 1
    assert set(yard.server.asked) == {("book", (await yard.keys(shipment_id))[0])}


@pytest.mark.parametrize("point", ["after_claim", "before_record", "after_record"])
async def test_whoever_dies_while_a_parcel_is_booked_leaves_it_to_another_who_books_nothing_twice(
    yard: Yard, point: str
) -> None:
    _, shipment_id = await yard.packed()
    failpoints.arm({f"shipping.{point}": "raise"})
    try:
        with pytest.raises(failpoints.FailpointHit):
            await yard.carry()
    finally:
        failpoints.arm({})
    done = point == "after_record"
    assert await yard.states(shipment_id) == ["BOOKED" if done else "WANTED"]
    assert await yard.carry() == 0, "the lease of who died holds"
    assert await yard.carry(timedelta(seconds=parcels.LEASE_S)) == (0 if done else 1)
    assert await yard.states(shipment_id) == ["BOOKED"]
    assert yard.server.bookings == 1


async def test_a_parcel_would_be_booked_twice_by_a_planted_bug(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    await yard.packed()
    monkeypatch.setattr("tradewind.contexts.shipping._carriage.crew.planted", lambda _name: True)
    yard.server.script = ["lost"]
    for _ in range(2):
        await yard.carry(HOUR)
    assert yard.server.bookings == 2


async def test_of_many_crews_one_asks(yard: Yard) -> None:
    _, shipment_id = await yard.packed(boxes=4)
    did = await asyncio.gather(*(yard.carry() for _ in range(4)))
    assert sum(did) == 4
    assert len(yard.server.asked) == 4
    assert await yard.states(shipment_id) == ["BOOKED"] * 4


async def test_what_one_carrier_does_not_take_is_packed_for_another_and_called_off(yard: Yard) -> None:
    _, shipment_id = await yard.packed()
    nowhere = 'UPDATE shipping.shipments SET address = \'{"line1": "Nowhere", "country": "GB"}\''
    await yard.db.pool.execute(nowhere)
    await yard.carry()
    (refused,) = (await yard.shop.dispatch(ListParcels(shipment_id=shipment_id), ANN)).items
    assert (refused.state, refused.why) == ("REFUSED", "nobody lives there")
    await yard.pack(shipment_id, carrier="simulated")
    await yard.carry(HOUR)
    assert await yard.states(shipment_id) == ["CANCELED", "BOOKED"]
    (seen,) = (await yard.shop.dispatch(ListParcels(shipment_id=shipment_id), ANN)).items
    assert (seen.carrier, seen.tracking_number[:4]) == ("simulated", "SIM-")


@pytest.mark.parametrize("answered", [False, True])
async def test_an_order_that_is_off_is_not_carried_whether_or_not_the_booking_was_heard_of(
    yard: Yard, answered: bool
) -> None:
    order_id, shipment_id = await yard.packed()
    yard.server.script = [] if answered else ["lost"]
    await yard.carry()
    assert await yard.cancel(order_id) == {order_id: None}
    yard.server.script = ["lost"]
    for _ in range(2):
        await yard.carry(HOUR)
    assert await yard.states(shipment_id) == ["CANCELED"]
    assert yard.server.bookings == 0
    assert await yard.carry(HOUR) == 0


async def test_an_answer_that_comes_after_the_order_was_called_off_changes_nothing(yard: Yard) -> None:
    order_id, shipment_id = await yard.packed()
    async with yard.db.transaction(CALL) as tx:
        (asked,) = await parcels.claim(tx)
    await yard.cancel(order_id)
    async with yard.db.transaction(CALL) as tx:
        await note(tx, asked, Booked(tracking_number="LATE-1"))
    assert await yard.states(shipment_id) == ["CANCELING"]
    await yard.carry()
    assert await yard.states(shipment_id) == ["CANCELED"]


async def test_a_booking_under_way_is_waited_for_unless_the_goods_go_under_another_number(yard: Yard) -> None:
    order_id, shipment_id = await yard.packed()
    with pytest.raises(BookingUnderWay):
        await yard.shop.dispatch(DispatchShipment(shipment_id=shipment_id), ANN)
    assert await yard.statuses() == {order_id: "READY"}
    await yard.shop.dispatch(DispatchShipment(shipment_id=shipment_id, tracking_number="OWN-1"), ANN)
    await yard.carry()
    assert await yard.states(shipment_id) == ["CANCELED"]
    assert yard.server.asked[0][0] == "cancel"


STORIES = [
    (["IN_TRANSIT", "DELIVERED"], "DELIVERED", ["in_transit", "delivered"]),
    (["DELIVERED"], "DELIVERED", ["delivered"]),
    (["DELIVERED", "IN_TRANSIT", "BOOKED"], "DELIVERED", ["delivered"]),
    (["IN_TRANSIT", "IN_TRANSIT", "BOOKED"], "IN_TRANSIT", ["in_transit"]),
    (["IN_TRANSIT", "RETURNED", "DELIVERED"], "RETURNED", ["in_transit", "returned"]),
    (["LOST", "DELIVERED"], "DELIVERED", ["lost", "delivered"]),
    (["LOST", "RETURNED"], "RETURNED", ["lost", "returned"]),
]


@pytest.mark.parametrize("told", [False, True], ids=["by poll", "by webhook"])
@pytest.mark.parametrize(("stages", "status", "story"), STORIES, ids=["-".join(one[0]) for one in STORIES])
async def test_a_shipment_goes_as_its_carrier_says_and_never_back(
    yard: Yard, stages: Sequence[str], status: str, story: list[str], told: bool
) -> None:
    order_id, shipment_id = await yard.sent()
    (key,) = await yard.keys(shipment_id)
    for at, stage in enumerate(stages):
        yard.server.stages[key] = stage
        if told or stages[0] == "LOST":
            for _ in range(2):
                await yard.hears((f"notice-{at}", key))
            await yard.carry()
        else:
            await yard.carry(TRACK_EVERY)
    assert await yard.statuses() == {order_id: status}
    assert (await yard.story(order_id))[3:] == story
    if status in ("DELIVERED", "RETURNED"):
        assert await yard.carry(HOUR) == 0, "what is over is asked about no more"


async def test_nothing_is_asked_of_carriers_before_its_time_and_then_nothing_is_written(yard: Yard) -> None:
    await yard.sent()
    before, asked = await yard.everything(), len(yard.server.asked)
    assert await yard.carry(TRACK_EVERY - timedelta(minutes=1)) == 0
    assert await yard.everything() == before
    assert len(yard.server.asked) == asked


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_a_shipment_in_three_parcels_is_there_with_the_last(yard: Yard, order: tuple[int, ...]) -> None:
    order_id, shipment_id = await yard.sent(boxes=3)
    keys = await yard.keys(shipment_id)
    for at in order:
        assert (await yard.statuses())[order_id] != "DELIVERED"
        yard.server.stages[keys[at]] = "DELIVERED"
        await yard.hears((f"notice-{at}", keys[at]))
        await yard.carry()
    assert await yard.statuses() == {order_id: "DELIVERED"}
    assert (await yard.story(order_id))[3:] == ["delivered"]


async def test_a_carrier_that_collects_before_it_is_said_here_is_believed(yard: Yard) -> None:
    order_id, shipment_id = await yard.packed()
    (key,) = await yard.keys(shipment_id)
    yard.server.script = ["lost"]
    await yard.carry()
    yard.server.stages[key] = "IN_TRANSIT"
    await yard.hears(("early", key))
    await yard.carry()
    assert (await yard.states(shipment_id), await yard.statuses()) == (["BOOKED"], {order_id: "READY"})
    await yard.hears(("later", key))
    await yard.carry()
    assert await yard.statuses() == {order_id: "IN_TRANSIT"}
    assert (await yard.story(order_id))[2:] == ["dispatched", "in_transit"]
    with pytest.raises(IllegalMove):
        await yard.shop.dispatch(DispatchShipment(shipment_id=shipment_id), ANN)


async def test_a_lost_parcel_that_turns_up_after_it_was_replaced_does_not_deliver_the_other(yard: Yard) -> None:
    order_id, shipment_id = await yard.sent()
    (key,) = await yard.keys(shipment_id)
    await yard.shop.dispatch(ReportLoss(shipment_id=shipment_id), ANN)
    again = "UPDATE shipping.shipments SET status = 'READY', parcels = 2, tracking_number = NULL WHERE id = $1"
    await yard.db.pool.execute(again, shipment_id)
    yard.server.stages[key] = "DELIVERED"
    await yard.hears(("found", key))
    await yard.carry()
    assert (await yard.statuses(), await yard.states(shipment_id)) == ({order_id: "READY"}, ["DELIVERED"])


async def test_a_forged_notice_and_one_of_nobody_change_nothing(yard: Yard) -> None:
    _, shipment_id = await yard.sent()
    (key,) = await yard.keys(shipment_id)
    before = await yard.everything()
    with pytest.raises(UnfitSignature):
        await yard.hears(("n", key), secret="another")
    with pytest.raises(UnfitSignature):
        await yard.hears(("n", key), at=clock.now() - HOUR)
    with pytest.raises(NoSuchCarrier):
        await yard.shop.dispatch(HearCarrier(carrier="simulated", headers={}, body=b""), a_call("anonymous"))
    assert await yard.db.pool.fetchval("SELECT count(*) FROM shipping.carrier_notice") == 0
    await yard.hears(("n1", "no id"), ("n2", str(shipment_id)))
    assert await yard.everything() == before


async def test_a_notice_is_heard_once_over_http_and_a_bad_one_is_refused(yard: Yard) -> None:
    order_id, shipment_id = await yard.sent()
    (key,) = await yard.keys(shipment_id)
    yard.server.stages[key] = "DELIVERED"
    body, signature = notice(("n", key))
    transport = httpx2.ASGITransport(app=rest_app(yard.shop))
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test") as http:

        async def post(carrier: str, signature: str) -> int:
            headers = {"Content-Type": "application/json", **signed(signature)}
            answer = await http.post(f"/api/v1/carriers/{carrier}/webhooks", content=body, headers=headers)
            return answer.status_code

        assert await post("rest", signature + "0") == 401
        assert await post("owls", signature) == 404
        assert await yard.carry() == 0
        assert [await post("rest", signature) for _ in range(2)] == [204, 204]
    asked = len(yard.server.asked)
    await yard.carry()
    assert await yard.statuses() == {order_id: "DELIVERED"}
    assert len(yard.server.asked) == asked + 1
