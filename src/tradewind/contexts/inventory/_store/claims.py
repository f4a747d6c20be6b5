"""The SQL of claims. Who moves one holds its row before anything else; who writes several does so by id."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from tradewind.contexts.inventory._domain.claim import NoSuchReservation
from tradewind.runtime.database import Tx

ADD: Final = """
    INSERT INTO inventory.claim (id, owner, canceled)
    SELECT u.id, u.owner, $3 FROM unnest($1::uuid[], $2::text[]) AS u (id, owner)
    WHERE NOT EXISTS (SELECT FROM inventory.reservation AS r WHERE r.order_id = u.id)
    ORDER BY u.id ON CONFLICT (id) DO NOTHING RETURNING id
"""
FORGET: Final = "DELETE FROM inventory.claim WHERE id = ANY($1::uuid[])"
HOLD: Final = "SELECT canceled FROM inventory.claim WHERE id = $1 FOR UPDATE"
CANCEL: Final = "UPDATE inventory.claim SET canceled = true WHERE id = $1"
SPEND: Final = """
    INSERT INTO inventory.claim AS c (id, owner, spent) VALUES ($1, $2, true)
    ON CONFLICT (id) DO UPDATE SET spent = true WHERE NOT c.spent AND NOT c.canceled
"""
SPENT: Final = "SELECT spent FROM inventory.claim WHERE id = $1"
THERE: Final = "SELECT EXISTS (SELECT FROM inventory.claim WHERE id = $1)"


async def add(tx: Tx, owners: Mapping[UUID, str], *, canceled: bool = False) -> set[UUID]:
    """Write new ones, each with whose it is; which of them are new. Others are there already, or are orders'."""
    rows = await tx.all(ADD, list(owners), list(owners.values()), canceled)
    return {row["id"] for row in rows}


def forget(tx: Tx, claim_ids: Sequence[UUID]) -> None:
    """Let what this transaction wrote and could not hold be as if it had never been tried."""
    tx.later(FORGET, claim_ids)


async def hold(tx: Tx, claim_id: UUID) -> bool:
    """Whether it was canceled; nobody else moves it until the transaction ends. Refuses NoSuchReservation."""
    canceled = await tx.value(HOLD, claim_id)
    if canceled is None:
        raise NoSuchReservation(reservationId=str(claim_id))
    return bool(canceled)


async def cancel(tx: Tx, claim_id: UUID) -> None:
    """Let a held one never be tried again."""
    await tx.run(CANCEL, claim_id)


async def spend(tx: Tx, claim_id: UUID) -> bool:
    """Note that a reservation took over what is held for it; False where that was done before, or it was canceled."""
    return bool(await tx.run(SPEND, claim_id, tx.call.actor.subject))


async def is_spent(tx: Tx, claim_id: UUID) -> bool:
    """Whether a reservation has taken over what was held for it."""
    return bool(await tx.value(SPENT, claim_id))


async def is_there(tx: Tx, claim_id: UUID) -> bool:
    """Whether there is such a claim."""
    return bool(await tx.value(THERE, claim_id))
