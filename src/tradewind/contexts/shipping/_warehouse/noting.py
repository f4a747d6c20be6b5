"""Write down what the warehouse's system said, and what follows from it for the task and its shipment."""

from tradewind.contexts.shipping._domain.handover import ASK_EVERY, LIFECYCLE, Decline, Free, Keep, Report, State, Take
from tradewind.contexts.shipping._domain.parcel import Parcel, Size
from tradewind.contexts.shipping._domain.task import NothingPicked, UnfitPick
from tradewind.contexts.shipping._store import contents, parcels, tasks, warehouse_orders
from tradewind.contexts.shipping._store.warehouse_orders import Asked
from tradewind.contexts.shipping.split_shipment.split import split
from tradewind.contracts.shipping import PickedShort, ShipmentPacked, ShortItem
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.ports.warehouse_system import NotTaken, Picked, Taken
from tradewind.runtime.database import Tx
from tradewind.runtime.telemetry.logs import log


async def note(tx: Tx, asked: Asked, answer: Taken | NotTaken | Picked | bool | None) -> None:
    """The shipment is held first, as by all who move tasks; a late answer to an old question changes nothing."""
    plan = await contents.known(tx, asked.shipment_id)
    match answer:
        case Taken():
            await warehouse_orders.record(tx, asked, LIFECYCLE.follow(asked.state, Take), due_at=now() + ASK_EVERY)
        case NotTaken():
            await _put_back(tx, asked, answer.reason)
        case Picked():
            await _picked(tx, asked, answer)
        case bool():
            why = None if answer else "it was picked already: the goods lie packed in the warehouse"
            state = LIFECYCLE.follow(asked.state, Free if answer else Keep)
            if await warehouse_orders.record(tx, asked, state, why=why) and not answer:
                log.error("a fulfilment order that was called off was picked", shipmentId=str(plan.shipments[0].id))
        case _:
            await warehouse_orders.record(tx, asked, State.SENT, due_at=now() + ASK_EVERY)


async def _put_back(tx: Tx, asked: Asked, why: str) -> None:
    if await warehouse_orders.record(tx, asked, LIFECYCLE.follow(asked.state, Decline), why=why):
        tasks.save(tx, (await tasks.hold(tx, asked.shipment_id)).put_back())
        tx.audit("shipping.handover_refused", str(asked.shipment_id), why=why)


async def _picked(tx: Tx, asked: Asked, said: Picked) -> None:
    plan = await contents.known(tx, asked.shipment_id)
    shipment, task = plan.one(asked.shipment_id), await tasks.hold(tx, asked.shipment_id)
    assert shipment.lines is not None, "known"
    try:
        packed, short = task.report(shipment.lines, said.lines, len(said.boxes))
    except (UnfitPick, NothingPicked) as unfit:
        await _put_back(tx, asked, unfit.detail)
        return
    if not await warehouse_orders.record(tx, asked, LIFECYCLE.follow(asked.state, Report)):
        return
    ids = {"order_id": shipment.order_id, "shipment_id": shipment.id}
    if short:
        await split(tx, plan, shipment.id, short)
        items = tuple(ShortItem(sku=sku, qty=count) for sku, count in sorted(short.items()))
        tx.tell(PickedShort(**ids, items=items))
    boxes = [
        Size(weight_g=one.weight_g, length_mm=one.length_mm, width_mm=one.width_mm, height_mm=one.height_mm)
        for one in said.boxes
    ]
    made = [Parcel(id=new_id(), shipment_id=shipment.id, size=size, number=at) for at, size in enumerate(boxes, 1)]
    await parcels.replace(tx, shipment.id, shipment.parcels, made)
    tasks.save(tx, packed)
    tx.tell(ShipmentPacked(**ids, parcels=len(made)))
    tx.audit("shipping.packed_by_system", str(shipment.id), parcels=len(made), short=short)
