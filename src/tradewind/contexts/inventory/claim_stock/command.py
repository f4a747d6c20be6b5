"""Try, confirm, cancel for whoever is no order: each may be asked any number of times, in any order.

A cancellation that overtakes its try is remembered, so the try holds nothing. What nobody confirms runs out as orders'
reservations do.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from tradewind.contexts.inventory._domain.claim import (
    ClaimView,
    NoSuchReservation,
    ReservationEnded,
    unfit,
    view,
)
from tradewind.contexts.inventory._domain.reservation import State
from tradewind.contexts.inventory._domain.settings import RESERVATION_TTL_S
from tradewind.contexts.inventory._store import claims, reservations
from tradewind.contexts.inventory.amend_reservations.amend import amend
from tradewind.contexts.inventory.confirm_reservations.confirm import confirm
from tradewind.contexts.inventory.release_reservations.release import release
from tradewind.contexts.inventory.reserve_stock.reserve import reserve
from tradewind.contracts.inventory import Amendment, NotEnoughStock, Wanted
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Refusal, Stale
from tradewind.runtime.batching import Task
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import batched, handler, query

Outcome: TypeAlias = ClaimView | Refusal


class TryReservation(Command, frozen=True):
    """Hold these for so long. `reservation_id` is the caller's, so that whoever asks again gets the same."""

    reservation_id: UUID
    quantities: Mapping[str, int]
    ttl_s: int = RESERVATION_TTL_S
    ship_to: Mapping[str, Any] | None = None


class ConfirmReservation(Command, frozen=True):
    """Take the goods out of stock for good."""

    reservation_id: UUID


class CancelReservation(Command, frozen=True):
    """Give the goods back, whether they are held or were taken out."""

    reservation_id: UUID


class AmendReservation(Command, frozen=True):
    """Let what was taken out be of other goods: what is held for `edit_id` comes (`more`), `less` goes."""

    reservation_id: UUID
    edit_id: UUID
    more: Mapping[str, int]
    less: Mapping[str, int]


class GetReservation(Command, frozen=True):
    """How it stands."""

    reservation_id: UUID


@batched(TryReservation, action="inventory.claim", answer=ClaimView)
async def try_reservations(tasks: Sequence[Task], tx: Tx) -> Sequence[Outcome]:
    """What each holds, now or since before; or InvalidClaim, NotEnoughStock, ReservationEnded, NoSuchReservation.

    Three round trips however many there are. What was tried before, or is tried twice here, is asked again alone.
    """
    first: dict[UUID, Task] = {}
    refusals = [unfit(task.command.quantities, task.command.ttl_s) for task in tasks]
    for task, refusal in zip(tasks, refusals, strict=True):
        if refusal is None:
            first.setdefault(task.command.reservation_id, task)
    new = await claims.add(tx, {id_: task.call.actor.subject for id_, task in first.items()}) if first else set[UUID]()
    if len(tasks) == 1 and not new and first:
        (claim_id,) = first
        return [await _standing(tx, claim_id, canceled=await claims.hold(tx, claim_id))]
    held = await _hold(tx, [task for id_, task in first.items() if id_ in new])

    def outcome(task: Task) -> Outcome:
        id_ = task.command.reservation_id
        return held[id_] if id_ in new and first[id_] is task else Stale()

    return [refusal or outcome(task) for task, refusal in zip(tasks, refusals, strict=True)]


async def _hold(tx: Tx, tasks: Sequence[Task]) -> dict[UUID, Outcome]:
    """Hold what is tried for the first time, in order of arrival; what cannot be had leaves nothing behind."""
    commands = [task.command for task in tasks]
    wanted = [Wanted(one.reservation_id, one.quantities, one.ship_to) for one in commands]
    answers = await reserve(tx, wanted, ttls_s={one.reservation_id: one.ttl_s for one in commands})
    held: dict[UUID, Outcome] = {}
    for task, answer in zip(tasks, answers, strict=True):
        id_ = task.command.reservation_id
        if isinstance(answer, NotEnoughStock):
            held[id_] = answer
            continue
        tx.tell(answer, call=task.call)
        tx.audit("inventory.claim", str(id_), call=task.call, quantities=dict(task.command.quantities))
        held[id_] = ClaimView(id=id_, state=State.HELD, items=answer.items, expires_at=answer.expires_at)
    if refused := [id_ for id_, one in held.items() if isinstance(one, Refusal)]:
        claims.forget(tx, refused)
    return held


@handler(action="inventory.claim")
async def confirm_reservation(command: ConfirmReservation, tx: Tx) -> ClaimView:
    """Its goods are out, now or since before; refuses NoSuchReservation, ReservationEnded."""
    canceled = await claims.hold(tx, command.reservation_id)
    if not canceled:
        await confirm(tx, [command.reservation_id])
        await tx.flush()
    tx.audit("inventory.confirm_claim", str(command.reservation_id))
    return await _standing(tx, command.reservation_id, canceled=canceled)


@handler(action="inventory.claim")
async def cancel_reservation(command: CancelReservation, tx: Tx) -> None:
    """Nothing of it is held, now and from now on; refuses NoSuchReservation of what is an order's."""
    if not await claims.add(tx, {command.reservation_id: tx.call.actor.subject}, canceled=True):
        await claims.hold(tx, command.reservation_id)
        await claims.cancel(tx, command.reservation_id)
        await release(tx, [command.reservation_id], "canceled")
    tx.audit("inventory.cancel_claim", str(command.reservation_id))


@handler(action="inventory.claim")
async def amend_reservation(command: AmendReservation, tx: Tx) -> ClaimView:
    """What it is of from now on, once for an edit; refuses NoSuchReservation, ReservationEnded.

    The reservation's row is held before the edit's: two edits of one reservation come one after the other.
    """
    canceled = await claims.hold(tx, command.reservation_id)
    if await claims.spend(tx, command.edit_id):
        held = await reservations.of_order(tx, command.edit_id)
        if {line.state for line in held} != ({State.HELD} if command.more else set()):
            raise ReservationEnded(reservationId=str(command.edit_id))
        refusal = await amend(tx, Amendment(command.reservation_id, command.edit_id, command.more, command.less))
        if refusal is not None:
            raise ReservationEnded(refusal.detail, reservationId=str(command.reservation_id))
        tx.audit("inventory.amend_claim", str(command.reservation_id), edit_id=str(command.edit_id))
        await tx.flush()
    elif not await claims.is_spent(tx, command.edit_id):
        raise ReservationEnded(reservationId=str(command.edit_id))
    return await _standing(tx, command.reservation_id, canceled=canceled)


@query(action="inventory.claim")
async def get_reservation(command: GetReservation, tx: Tx) -> ClaimView:
    """The reservation as it stands; refuses NoSuchReservation."""
    lines = await reservations.of_order(tx, command.reservation_id)
    if not lines or not await claims.is_there(tx, command.reservation_id):
        raise NoSuchReservation(reservationId=str(command.reservation_id))
    return view(lines)


async def _standing(tx: Tx, claim_id: UUID, *, canceled: bool) -> ClaimView:
    lines = await reservations.of_order(tx, claim_id)
    state = lines[0].state if lines else State.RELEASED
    if canceled or state in (State.RELEASED, State.EXPIRED):
        raise ReservationEnded(reservationId=str(claim_id), state=state.value)
    return view(lines)
