"""Write down what a carrier answered, and what follows from it for the shipment and its order."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from tradewind.contexts.shipping._domain.parcel import (
    LIFECYCLE,
    TRACK_EVERY,
    Arrive,
    Book,
    Collect,
    ComeBack,
    Decline,
    Free,
    Keep,
    Lose,
    State,
    follows,
    wait,
)
from tradewind.contexts.shipping._domain.plan import ShipmentPlan
from tradewind.contexts.shipping._domain.shipment import LIFECYCLE as OF_SHIPMENTS
from tradewind.contexts.shipping._domain.shipment import Shipment, Status
from tradewind.contexts.shipping._store import parcels, shipments, tasks
from tradewind.contexts.shipping._store.parcels import Answer, Asked
from tradewind.contracts.messages import Event
from tradewind.contracts.shipping import ShipmentDelivered, ShipmentDispatched
from tradewind.kernel.clock import now
from tradewind.ports.carrier import Booked, NotCarried, Stage
from tradewind.runtime.database import Tx
from tradewind.runtime.telemetry.logs import log

MOVES: Final[Mapping[Stage, type]] = {
    Stage.IN_TRANSIT: Collect,
    Stage.DELIVERED: Arrive,
    Stage.RETURNED: ComeBack,
    Stage.LOST: Lose,
    Stage.CANCELED: Free,
}
OVER: Final = frozenset((Status.DELIVERED, Status.RETURNED, Status.UNPACKED, Status.LOST, Status.CANCELED))
"""Of a shipment that is here, there, or gone the carrier is not asked; it may still tell by itself."""


async def note(tx: Tx, asked: Asked, answer: Booked | NotCarried | Stage | bool | None) -> None:
    """The shipment is held first, as all who move parcels do; a late answer to an old question changes nothing."""
    plan = await shipments.hold_plan(tx, asked.shipment_id)
    match answer:
        case Booked():
            await _booked(tx, asked, plan.one(asked.shipment_id), answer)
        case NotCarried():
            refused = Answer(why=answer.reason)
            if await parcels.record(tx, asked, LIFECYCLE.follow(asked.state, Decline), refused):
                tx.audit("shipping.parcel_refused", str(asked.shipment_id), carrier=asked.carrier)
        case bool():
            await _called_off(tx, asked, answer)
        case _:
            await _tracked(tx, asked, plan, answer)


async def note_silence(tx: Tx, asked: Asked) -> None:
    """Ask again, later each time, under the same key."""
    await parcels.ask_again(tx, asked, now() + wait(asked.tries))


async def _booked(tx: Tx, asked: Asked, shipment: Shipment, answer: Booked) -> None:
    # Usually it has yet to be handed over; a carrier that told of it before it answered has it already.
    due = None if shipment.status is Status.READY else now()
    booked = Answer(due_at=due, tracking_number=answer.tracking_number, label=answer.label)
    if await parcels.record(tx, asked, LIFECYCLE.follow(asked.state, Book), booked):
        tx.audit("shipping.parcel_booked", str(asked.shipment_id), carrier=asked.carrier)


async def _called_off(tx: Tx, asked: Asked, done: bool) -> None:
    state = LIFECYCLE.follow(asked.state, Free if done else Keep)
    why = None if done else "the carrier has it already"
    if await parcels.record(tx, asked, state, Answer(why=why)) and not done:
        log.error("a parcel that was called off is under way", shipmentId=str(asked.shipment_id), carrier=asked.carrier)


async def _tracked(tx: Tx, asked: Asked, plan: ShipmentPlan, stage: Stage | None) -> None:
    """How far it is. What the carrier says out of order, or does not know so far, moves nothing back."""
    move = MOVES.get(stage) if stage is not None else None
    moves_on = move is not None and LIFECYCLE.allows(asked.state, move)
    state = LIFECYCLE.follow(asked.state, move) if move is not None and moves_on else asked.state
    shipment = plan.one(asked.shipment_id)
    known = {one.id: one.state for one in await parcels.of_shipment(tx, shipment.id)}
    moves = follows(shipment.status, list((known | {asked.id: state}).values())) if asked.id in known else []
    after = shipment.status
    for one in moves:
        after = OF_SHIPMENTS.follow(after, one)
    goes_on = state in (State.BOOKED, State.IN_TRANSIT) and after not in OVER and after is not Status.READY
    if await parcels.record_stage(tx, asked, state, now() + TRACK_EVERY if goes_on else None) and moves:
        await _move(tx, plan, shipment, moves)


async def _move(tx: Tx, plan: ShipmentPlan, shipment: Shipment, moves: list[type[Event]]) -> None:
    number = shipment.tracking_number or (await parcels.of_shipment(tx, shipment.id))[0].tracking_number
    assert number is not None, "what is under way was booked"
    status, ids = shipment.status, {"order_id": shipment.order_id, "shipment_id": shipment.id}
    for move in moves:
        status = OF_SHIPMENTS.follow(status, move)
        if move is ShipmentDispatched:
            tx.tell(ShipmentDispatched(**ids, tracking_number=number))
            tasks.ship(tx, shipment.id)
        elif move is ShipmentDelivered:
            tx.tell(ShipmentDelivered(**ids, completes_order=plan.completes(shipment.id)))
        else:
            tx.tell(move(**ids))
        await shipments.move_now(tx, replace(shipment, status=status, tracking_number=number))
    tx.audit("shipping.tracked", str(shipment.id), status=status.value)
