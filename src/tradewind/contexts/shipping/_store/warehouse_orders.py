"""The SQL of shipping.warehouse_order: what a warehouse's own system is to be asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contexts.shipping._domain.handover import LIFECYCLE, CallOff, State
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx

LEASE_S: Final = 60
AT_ONCE: Final = 20
ADD: Final = """
    INSERT INTO shipping.warehouse_order (id, shipment_id, lines, due_at) VALUES ($1, $2, $3::text::jsonb, $4)
"""
CALL_OFF: Final = """
    UPDATE shipping.warehouse_order AS w
    SET state = 'CANCELING', due_at = $2, lease_until = '-infinity', tries = 0, changed_at = now()
    FROM shipping.shipments AS s
    WHERE s.order_id = ANY($1::uuid[]) AND w.shipment_id = s.id AND w.state = ANY($3::text[])
"""
CALL_OFF_ONE: Final = """
    UPDATE shipping.warehouse_order
    SET state = 'CANCELING', due_at = $2, lease_until = '-infinity', tries = 0, changed_at = now()
    WHERE shipment_id = $1 AND state = ANY($3::text[])
"""
IS_DUE: Final = "SELECT EXISTS (SELECT FROM shipping.warehouse_order WHERE due_at <= $1 AND lease_until <= $1)"
CLAIM: Final = """
    WITH due AS MATERIALIZED (
        SELECT id FROM shipping.warehouse_order WHERE due_at <= $1 AND lease_until <= $1
        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE shipping.warehouse_order AS w SET lease_until = $2 FROM due WHERE w.id = due.id
    RETURNING w.id, w.shipment_id, w.state, w.tries, w.lease_until, w.lines::text AS lines
"""
RECORD: Final = """
    UPDATE shipping.warehouse_order SET state = $4, due_at = $5, why = $6, tries = 0, lease_until = '-infinity',
           changed_at = CASE WHEN state = $4 THEN changed_at ELSE now() END
    WHERE id = $1 AND lease_until = $2 AND state = $3
"""
ASK_AGAIN: Final = """
    UPDATE shipping.warehouse_order SET due_at = $3, tries = tries + 1, lease_until = '-infinity'
    WHERE id = $1 AND lease_until = $2
"""
_CANCELABLE: Final = sorted(LIFECYCLE.sources(CallOff))


class Asked(Struct, frozen=True, kw_only=True):
    """What the system is to be asked by whoever claimed it, until `lease_until`."""

    id: UUID
    shipment_id: UUID
    state: State
    tries: int
    lease_until: datetime
    lines: dict[str, int]


async def add(tx: Tx, shipment_id: UUID, lines: Mapping[str, int]) -> None:
    """Have the goods of a held shipment picked by the system."""
    await tx.run(ADD, new_id(), shipment_id, msgspec.json.encode(dict(lines)).decode(), clock.now())


async def call_off(tx: Tx, shipment_id: UUID) -> None:
    """Have a held shipment's goods picked by it no more."""
    await tx.run(CALL_OFF_ONE, shipment_id, clock.now(), _CANCELABLE)


def call_off_orders(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """The same for all of these orders' held shipments."""
    tx.later(CALL_OFF, order_ids, clock.now(), _CANCELABLE)


async def claim(tx: Tx) -> list[Asked]:
    """What the system is to be asked now, leased to the caller; nothing is written where there is nothing."""
    moment = clock.now()
    if not await tx.value(IS_DUE, moment):
        return []
    return [
        Asked(
            id=row["id"],
            shipment_id=row["shipment_id"],
            state=State(row["state"]),
            tries=row["tries"],
            lease_until=row["lease_until"],
            lines=msgspec.json.decode(row["lines"], type=dict[str, int]),
        )
        for row in await tx.all(CLAIM, moment, moment + timedelta(seconds=LEASE_S), AT_ONCE)
    ]


async def record(tx: Tx, asked: Asked, state: State, *, due_at: datetime | None = None, why: str | None = None) -> bool:
    """Write what the system said; False where it was decided otherwise meanwhile."""
    found = await tx.run(RECORD, asked.id, asked.lease_until, asked.state.value, state.value, due_at, why)
    return found == 1


async def ask_again(tx: Tx, asked: Asked, due_at: datetime) -> None:
    """The system did not answer."""
    await tx.run(ASK_AGAIN, asked.id, asked.lease_until, due_at)
