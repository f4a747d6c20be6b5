"""How anybody else speaks to a saga: cancel it, wake it, retry it, undo it. The saga's row is locked first, always.

Whoever speaks brings the definitions of the sagas that they mean; what else has such an id is nothing to them. A
context has its own definitions alone, so it can neither lock nor wake what another carries, whatever id it was given.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.kernel.errors import Conflict, NotFound
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.saga import store
from tradewind.runtime.saga.advance import Cancel, Compensate, Retry, advance
from tradewind.runtime.saga.definition import Saga

WAKE: Final = "UPDATE runtime.saga SET due_at = now() WHERE id = $1 AND phase IN ('STARTED', 'COMPENSATING')"
HOLD: Final = """
    SELECT * FROM runtime.saga WHERE id = ANY($1::uuid[]) AND name = ANY($2::text[]) ORDER BY id FOR UPDATE
"""
BEGUN: Final = "SELECT id FROM runtime.saga WHERE id = ANY($1::uuid[]) AND name = ANY($2::text[])"
WAKE_WAITING: Final = """
    UPDATE runtime.saga SET due_at = now()
    WHERE id = ANY($1::uuid[]) AND name = ANY($2::text[]) AND phase IN ('STARTED', 'COMPENSATING')
      AND due_at > now() AND lease_until <= now()
"""
HINT: Final = """
    UPDATE runtime.saga SET hinted = true, due_at = least(due_at, now())
    WHERE id = ANY($1::uuid[]) AND name = ANY($2::text[]) AND phase IN ('STARTED', 'COMPENSATING')
"""
GOING_ON: Final = """
    SELECT id FROM runtime.saga
    WHERE id = ANY($1::uuid[]) AND name = ANY($2::text[]) AND phase = 'STARTED' AND cancel IS NULL ORDER BY id
"""
CANCEL: Final = "UPDATE runtime.saga SET cancel = $2, due_at = now(), changed_at = now() WHERE id = $1"


class NoSuchSaga(NotFound):
    """There is no saga of that id."""


class NothingToMend(Conflict):
    """The saga's state does not allow this."""


async def hold(tx: Tx, among: Sequence[Saga], saga_ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """The rows of those that are sagas of `among`, by id, locked in this order until the end of the transaction."""
    return {row["id"]: row for row in await tx.all(HOLD, list(saga_ids), _names(among))}


async def find(tx: Tx, among: Sequence[Saga], saga_id: UUID) -> Any:
    """The row of a saga of `among`, locked until the end of the transaction; refuses with NoSuchSaga."""
    return await find_or(tx, among, saga_id, NoSuchSaga(sagaId=str(saga_id)))


async def find_or(tx: Tx, among: Sequence[Saga], saga_id: UUID, missing: NotFound) -> Any:
    """The row of a saga of `among`, locked until the end of the transaction; refuses with `missing`."""
    row = await tx.row(HOLD, [saga_id], _names(among))
    if row is None:
        raise missing
    return row


async def begun(tx: Tx, among: Sequence[Saga], saga_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those that are sagas of `among`, wherever they stand. They are not locked."""
    return frozenset(row["id"] for row in await tx.all(BEGUN, list(saga_ids), _names(among)))


async def going_on(tx: Tx, among: Sequence[Saga], saga_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Those that are sagas of `among` on their way forward, that nobody has called off. They are not locked."""
    return [row["id"] for row in await tx.all(GOING_ON, list(saga_ids), _names(among))]


async def wake(tx: Tx, among: Sequence[Saga], saga_id: UUID) -> None:
    """Something that the saga waits for has happened. Refuses with NoSuchSaga."""
    await find(tx, among, saga_id)
    await tx.run(WAKE, saga_id)


async def wake_waiting(tx: Tx, among: Sequence[Saga], saga_ids: Sequence[UUID]) -> None:
    """Something that they may be waiting for has happened; nothing changes for those that are carried, or over."""
    await tx.run(WAKE_WAITING, list(saga_ids), _names(among))


async def hint(tx: Tx, among: Sequence[Saga], saga_ids: Sequence[UUID]) -> None:
    """As `wake_waiting`; and those that are just asking are looked at once more when they have their answer.

    For what happens in another database: no lock keeps it from happening between an answer and its booking here.
    """
    if planted("hint_while_asking_is_missed"):
        await wake_waiting(tx, among, saga_ids)
    elif await hold(tx, among, saga_ids):
        await tx.run(HINT, list(saga_ids), _names(among))


def _names(among: Sequence[Saga]) -> list[str]:
    return [one.name for one in among]


async def cancel(tx: Tx, saga: Saga, saga_id: UUID, why: str) -> bool:
    """Ask for the saga's undoing. True: it will never be completed. False: too late, the pivot is done."""
    row = await _any(tx, saga_id)
    before = store.state_of(row)
    after = advance(saga.as_of(row["version"]), before, Cancel(why))
    if after.cancel is None:
        return after.undoing
    if after is not before:
        await tx.run(CANCEL, saga_id, why)
    return True


async def mend(tx: Tx, saga: Saga, saga_id: UUID, message: Retry | Compensate) -> None:
    """A person's word: try again, or undo. Whoever holds the saga now loses it. Refuses with NothingToMend."""
    row = await _any(tx, saga_id)
    before = store.state_of(row)
    after = advance(saga.as_of(row["version"]), before, message)
    if after is before:
        raise NothingToMend(
            f"The saga is {before.phase.value}; nothing to {type(message).__name__.lower()}.", phase=before.phase.value
        )
    name = type(message).__name__
    settled = store.Settled(saga_id, after, 0.0, keep=False, fence_step=1)
    store.settle(tx, [settled], [store.Note(saga_id, "admin", name, tx.call.actor.subject)], 0.0)
    tx.audit(f"saga.{name.lower()}", str(saga_id), phase=before.phase.value, step=before.step)


async def _any(tx: Tx, saga_id: UUID) -> Any:
    """The row, locked, of whichever saga: one that stands in for another is canceled and mended by its definition."""
    row = await tx.row(store.FIND, saga_id)
    if row is None:
        raise NoSuchSaga(sagaId=str(saga_id))
    return row
