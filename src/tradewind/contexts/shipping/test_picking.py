"""From the shelf into parcels: who may, never two at once, what is short, what travels apart; all or nothing each."""

import asyncio
from uuid import UUID

import pytest

from tests.parcels import STATUS, comes_to, paid, standing
from tests.shops import Shop, a_call, until
from tradewind.contexts.shipping._domain.parcel import Size
from tradewind.contexts.shipping._domain.plan import LeftTheHouse, UnfitSplit
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.task import ClaimedByAnother, NoSuchTask, State, UnfitPick
from tradewind.contexts.shipping.conftest import Dock
from tradewind.contexts.shipping.list_tasks.query import ListTasks
from tradewind.contexts.shipping.manifest import (
    ClaimTask,
    DeliverShipment,
    DispatchShipment,
    PackTask,
    PickTask,
    PutTaskBack,
    ReplaceParcel,
    ReportLoss,
    SplitShipment,
)
from tradewind.contexts.shipping.split_shipment.command import PickedAlready
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.pages import UnfitCursor

ANN, BOB = a_call("warehouse", subject="ann"), a_call("warehouse", subject="bob")
BOX = Size(weight_g=900, length_mm=300, width_mm=200, height_mm=100)
TOLD = """
    SELECT array_agg(split_part(type, '.', 4) ORDER BY position) FROM runtime.outbox
    WHERE key = $1 AND split_part(type, '.', 2) = 'shipping'
"""


def moves(id_: UUID) -> list[Command]:
    return [
        ClaimTask(shipment_id=id_),
        PutTaskBack(shipment_id=id_),
        PickTask(shipment_id=id_, lines=(("LAMP", 3), ("ROPE", 1))),
        PackTask(shipment_id=id_, parcels=(BOX,)),
        SplitShipment(shipment_id=id_, lines=(("ROPE", 1),)),
    ]


async def test_only_the_warehouse_picks_and_only_what_is_there(working_shop: Shop) -> None:
    order_id, shipment_id = await paid(working_shop)
    before = await standing(working_shop, order_id)
    for command in (*moves(shipment_id), ListTasks()):
        for role in ("customer", "support", "merchandiser"):
            with pytest.raises(Forbidden):
                await working_shop.dispatch(command, a_call(role))
    for command in moves(new_id()):
        with pytest.raises(NoSuchShipment):
            await working_shop.dispatch(command, ANN)
    assert await standing(working_shop, order_id) == before
    assert before == ([(1, "READY", None)], [("OPEN", None)], 0)


async def test_what_is_not_paid_is_not_to_be_picked(dock: Dock) -> None:
    order_id, shipment_id = await dock.a_shipment(ready=False)
    for command in (PutTaskBack(shipment_id=shipment_id), PackTask(shipment_id=shipment_id, parcels=(BOX,))):
        with pytest.raises(NoSuchTask):
            await dock.shop.dispatch(command, ANN)
    assert (await standing(dock.shop, order_id))[1:] == ([], 0)


async def test_steps_are_taken_in_their_order_and_a_refused_one_writes_nothing(working_shop: Shop) -> None:
    order_id, shipment_id = await paid(working_shop)
    before = await standing(working_shop, order_id)
    _, put_back, pick, pack, _ = moves(shipment_id)
    for command in (put_back, pick, pack):
        with pytest.raises(IllegalMove):
            await working_shop.dispatch(command, ANN)
    assert (await standing(working_shop, order_id))[1:] == before[1:]
    await working_shop.dispatch(ClaimTask(shipment_id=shipment_id), ANN)
    claimed = await standing(working_shop, order_id)
    for refused, command, call in (
        (ClaimedByAnother, ClaimTask(shipment_id=shipment_id), BOB),
        (ClaimedByAnother, pick, BOB),
        (UnfitPick, PickTask(shipment_id=shipment_id, lines=(("LAMP", 3),)), ANN),
        (UnfitPick, PickTask(shipment_id=shipment_id, lines=(("LAMP", 2), ("LAMP", 2), ("ROPE", 1))), ANN),
        (PickedAlready, SplitShipment(shipment_id=shipment_id, lines=(("ROPE", 1),)), ANN),
        (UnfitSplit, SplitShipment(shipment_id=shipment_id, lines=(("ROPE", 2),)), ANN),
    ):
        with pytest.raises(refused):
            await working_shop.dispatch(command, call)
    assert await standing(working_shop, order_id) == claimed
    assert claimed == ([(1, "READY", '{"LAMP": 3, "ROPE": 1}')], [("CLAIMED", "ann")], 0)


async def test_of_ten_who_claim_a_task_at_once_one_has_it(working_shop: Shop) -> None:
    order_id, shipment_id = await paid(working_shop)
    crowd = [a_call("warehouse") for _ in range(10)]
    tries = (working_shop.dispatch(ClaimTask(shipment_id=shipment_id), call) for call in crowd)
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, ClaimedByAnother) for one in outcomes) == 9
    (winner,) = (call for call, one in zip(crowd, outcomes, strict=True) if not isinstance(one, BaseException))
    assert (await standing(working_shop, order_id))[1] == [("CLAIMED", winner.actor.subject)]


async def test_goods_are_claimed_picked_packed_and_handed_over(working_shop: Shop) -> None:
    order_id, shipment_id = await paid(working_shop)
    (listed,) = (await working_shop.dispatch(ListTasks(), ANN)).items
    assert (listed.shipment_id, listed.order_id, listed.state) == (shipment_id, order_id, "OPEN")
    await working_shop.dispatch(ClaimTask(shipment_id=shipment_id), BOB)
    await working_shop.dispatch(PutTaskBack(shipment_id=shipment_id), ANN)
    claimed = await working_shop.dispatch(ClaimTask(shipment_id=shipment_id), ANN)
    assert [(line.sku, line.qty) for line in claimed.lines] == [("LAMP", 3), ("ROPE", 1)]
    _, _, pick, pack, _ = moves(shipment_id)
    picked = await working_shop.dispatch(pick, ANN)
    assert (picked.state, picked.short, picked.short_shipment_id) == ("PICKED", (), None)
    await working_shop.dispatch(PackTask(shipment_id=shipment_id, parcels=(BOX, BOX)), BOB)
    packed = await working_shop.dispatch(pack, ANN)
    assert [(one.weight_g, one.length_mm, one.width_mm, one.height_mm) for one in packed.parcels] == [
        (900, 300, 200, 100)
    ]
    await working_shop.dispatch(DispatchShipment(shipment_id=shipment_id), ANN)
    assert (await standing(working_shop, order_id))[1:] == ([("SHIPPED", "ann")], 1)
    assert await working_shop.db.pool.fetchval(TOLD, str(order_id)) == ["created", "packed", "packed", "dispatched"]
    with pytest.raises(IllegalMove):
        await working_shop.dispatch(pack, ANN)


async def test_what_is_short_becomes_another_shipment_and_the_order_waits_for_it(working_shop: Shop) -> None:
    order_id, first = await paid(working_shop)
    await working_shop.dispatch(ClaimTask(shipment_id=first), ANN)
    picked = await working_shop.dispatch(PickTask(shipment_id=first, lines=(("LAMP", 2), ("ROPE", 0))), ANN)
    assert [(line.sku, line.qty) for line in picked.short] == [("LAMP", 1), ("ROPE", 1)]
    assert await standing(working_shop, order_id) == (
        [(1, "READY", '{"LAMP": 2}'), (2, "READY", '{"LAMP": 1, "ROPE": 1}')],
        [("PICKED", "ann"), ("OPEN", None)],
        0,
    )
    second = picked.short_shipment_id
    await delivered(working_shop, first)
    await heard(working_shop)
    assert await working_shop.db.pool.fetchval(STATUS, order_id) == "PAID", "one of two is there"
    await delivered(working_shop, second)
    await comes_to(working_shop, order_id, "FULFILLED")
    assert await working_shop.db.pool.fetchval(TOLD, str(order_id)) == [
        "created", "created", "picked_short", "dispatched", "delivered", "dispatched", "delivered",
    ]  # fmt: skip


async def delivered(shop: Shop, shipment_id: UUID | None) -> None:
    assert shipment_id is not None
    await shop.dispatch(DispatchShipment(shipment_id=shipment_id), ANN)
    await shop.dispatch(DeliverShipment(shipment_id=shipment_id), ANN)


async def heard(shop: Shop) -> None:
    """Until orders have heard of every delivery so far."""
    waits = """
        SELECT NOT EXISTS (
            SELECT FROM runtime.outbox AS o, runtime.position AS p
            WHERE o.type = 'ecommerce.shipping.shipment.delivered.v1' AND p.subscriber = 'orders.on_shipment_delivered'
              AND (o.stamp, o.position) > (p.stamp, p.position))
    """

    async def look() -> bool:
        return bool(await shop.db.pool.fetchval(waits))

    await until(shop, look)


@pytest.mark.parametrize("at_once", [False, True])
async def test_an_order_is_fulfilled_when_its_last_shipment_is_there_in_whatever_order_they_come(
    working_shop: Shop, at_once: bool
) -> None:
    order_id, first = await paid(working_shop)
    one = await working_shop.dispatch(SplitShipment(shipment_id=first, lines=(("ROPE", 1),)), ANN)
    two = await working_shop.dispatch(SplitShipment(shipment_id=first, lines=(("LAMP", 1),)), ANN)
    assert [part.part for part in (one.stays, one.apart, two.apart)] == [1, 2, 3]
    ids = [two.apart.id, first, one.apart.id]
    if at_once:
        await asyncio.gather(*(delivered(working_shop, id_) for id_ in ids))
    else:
        for id_ in ids:
            await delivered(working_shop, id_)
    await comes_to(working_shop, order_id, "FULFILLED")
    told = "SELECT count(*) FROM runtime.outbox WHERE key = $1 AND type = 'ecommerce.order.order.fulfilled.v1'"
    assert await working_shop.db.pool.fetchval(told, str(order_id)) == 1


async def test_the_order_would_not_wait_with_a_planted_bug(working_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id, first = await paid(working_shop)
    await working_shop.dispatch(SplitShipment(shipment_id=first, lines=(("ROPE", 1),)), ANN)
    monkeypatch.setattr("tradewind.contexts.shipping.deliver_shipment.command.planted", lambda _name: True)
    await delivered(working_shop, first)
    await comes_to(working_shop, order_id, "FULFILLED")


async def test_of_many_who_split_a_shipment_at_once_no_piece_travels_twice(working_shop: Shop) -> None:
    order_id, first = await paid(working_shop)
    tries = [SplitShipment(shipment_id=first, lines=(("LAMP", 1),)) for _ in range(6)]
    outcomes = await asyncio.gather(*(working_shop.dispatch(one, ANN) for one in tries), return_exceptions=True)
    assert sum(isinstance(one, UnfitSplit) for one in outcomes) == 3
    shipments, tasks, _ = await standing(working_shop, order_id)
    assert [lines for _, _, lines in shipments] == ['{"ROPE": 1}', *['{"LAMP": 1}'] * 3]
    assert tasks == [("OPEN", None)] * 4


async def test_what_has_left_the_house_is_not_split_and_keeps_its_order_from_being_called_off(
    working_shop: Shop,
) -> None:
    order_id, first = await paid(working_shop)
    parts = await working_shop.dispatch(SplitShipment(shipment_id=first, lines=(("ROPE", 1),)), ANN)
    await working_shop.dispatch(DispatchShipment(shipment_id=parts.apart.id), ANN)
    with pytest.raises(LeftTheHouse):
        await working_shop.dispatch(SplitShipment(shipment_id=parts.apart.id, lines=(("ROPE", 1),)), ANN)
    answers = await Dock(working_shop).cancel(order_id)
    assert answers == {order_id: "the goods have left the house (DISPATCHED)"}
    assert (await standing(working_shop, order_id))[1] == [("OPEN", None), ("SHIPPED", None)]


async def test_an_order_that_is_off_is_not_picked(dock: Dock) -> None:
    order_id, shipment_id = await dock.a_shipment()
    await dock.cancel(order_id)
    assert (await standing(dock.shop, order_id))[1] == [("CANCELED", None)]
    with pytest.raises(IllegalMove):
        await dock.shop.dispatch(PutTaskBack(shipment_id=shipment_id), ANN)


async def test_of_a_lost_part_its_own_goods_are_sent_again_and_picked_again(working_shop: Shop) -> None:
    order_id, first = await paid(working_shop)
    parts = await working_shop.dispatch(SplitShipment(shipment_id=first, lines=(("LAMP", 2),)), ANN)
    await working_shop.dispatch(DispatchShipment(shipment_id=parts.apart.id), ANN)
    await working_shop.dispatch(ReportLoss(shipment_id=parts.apart.id), ANN)
    await working_shop.dispatch(ReplaceParcel(shipment_id=parts.apart.id), ANN)
    left = "SELECT on_hand FROM inventory.inventory_stock WHERE sku = ANY($1) ORDER BY sku"
    stock = [row[0] for row in await working_shop.db.pool.fetch(left, ["LAMP", "ROPE"])]
    assert stock == [10 - 3 - 2, 10 - 1]
    assert (await standing(working_shop, order_id))[1] == [("OPEN", None), ("OPEN", None)]


async def test_a_list_goes_on_where_the_page_before_ended(dock: Dock) -> None:
    expected = [(await dock.a_shipment())[1] for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = await dock.shop.dispatch(ListTasks(limit=2, cursor=cursor), ANN)
        seen += [one.shipment_id for one in page.items]
        if (cursor := page.next) is None:
            break
        another = ListTasks(state=State.CLAIMED, cursor=cursor)
        with pytest.raises(UnfitCursor):
            await dock.shop.dispatch(another, ANN)
    assert seen == expected
