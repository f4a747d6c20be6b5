"""The SQL of shipping.fulfillment_task."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.shipping._domain.task import LIFECYCLE, CallOff, FulfillmentTask, NoSuchTask, Ship, State
from tradewind.runtime.database import Tx

OPEN_RELEASED: Final = """
    INSERT INTO shipping.fulfillment_task (shipment_id, order_id)
    SELECT id, order_id FROM shipping.shipments WHERE order_id = ANY($1::uuid[]) AND status = 'PLANNED'
    ON CONFLICT (shipment_id) DO UPDATE SET state = 'OPEN', claimed_by = NULL, changed_at = now()
    WHERE fulfillment_task.state = 'CANCELED'
"""
OPEN: Final = """
    INSERT INTO shipping.fulfillment_task (shipment_id, order_id) VALUES ($1, $2)
    ON CONFLICT (shipment_id) DO UPDATE SET state = 'OPEN', claimed_by = NULL, changed_at = now()
"""
HOLD: Final = """
    SELECT shipment_id, order_id, state, claimed_by FROM shipping.fulfillment_task WHERE shipment_id = $1 FOR UPDATE
"""
STATE: Final = "SELECT state FROM shipping.fulfillment_task WHERE shipment_id = $1"
SAVE: Final = """
    UPDATE shipping.fulfillment_task SET state = $2, claimed_by = $3, changed_at = now() WHERE shipment_id = $1
"""
CANCEL: Final = """
    UPDATE shipping.fulfillment_task AS t SET state = 'CANCELED', changed_at = now()
    FROM shipping.shipments AS s
    WHERE s.order_id = ANY($1::uuid[]) AND t.shipment_id = s.id AND t.state = ANY($2::text[])
"""
SHIP: Final = """
    UPDATE shipping.fulfillment_task SET state = 'SHIPPED', changed_at = now()
    WHERE shipment_id = $1 AND state = ANY($2::text[])
"""
PAGE: Final = """
    SELECT t.shipment_id, t.order_id, t.state, t.claimed_by, t.created_at, s.lines::text AS lines
    FROM shipping.fulfillment_task AS t JOIN shipping.shipments AS s ON s.id = t.shipment_id
    WHERE t.state = $1 AND (t.created_at, t.shipment_id) > ($2, $3) ORDER BY t.created_at, t.shipment_id LIMIT $4
"""
_BEFORE_SHIP: Final = sorted(LIFECYCLE.sources(Ship))
_BEFORE_CALL_OFF: Final = sorted(LIFECYCLE.sources(CallOff))


def open_released(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """A task for each shipment that is released in the same statement.

    It sees them while they are planned. They are the saga's alone until then, so nobody cancels them meanwhile.
    """
    tx.later(OPEN_RELEASED, order_ids)


def open_one(tx: Tx, shipment_id: UUID, order_id: UUID) -> None:
    """A task for a held shipment, from its beginning."""
    tx.later(OPEN, shipment_id, order_id)


async def hold(tx: Tx, shipment_id: UUID) -> FulfillmentTask:
    """The task, held; refuses with NoSuchTask. The shipment is held before."""
    row = await tx.row(HOLD, shipment_id)
    if row is None:
        raise NoSuchTask(shipment_id=str(shipment_id))
    return FulfillmentTask(**{**row, "state": State(row["state"])})


def save(tx: Tx, task: FulfillmentTask) -> None:
    """Write where a held task stands."""
    tx.later(SAVE, task.shipment_id, task.state.value, task.claimed_by)


def cancel(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """Nobody has to do anything for the held shipments of these orders."""
    tx.later(CANCEL, order_ids, _BEFORE_CALL_OFF)


async def call_off(tx: Tx, order_id: UUID) -> None:
    """The same at once, for an order that is being changed: its release opens the task again."""
    await tx.run(CANCEL, [order_id], _BEFORE_CALL_OFF)


def ship(tx: Tx, shipment_id: UUID) -> None:
    """The held shipment's goods are gone."""
    tx.later(SHIP, shipment_id, _BEFORE_SHIP)


async def page(tx: Tx, state: State, after: tuple[Any, UUID], limit: int) -> Sequence[Any]:
    """Tasks of a state, oldest first."""
    return await tx.all(PAGE, state.value, *after, limit)


async def state(tx: Tx, shipment_id: UUID) -> State | None:
    """How far a held shipment's task is; None where there is none."""
    found = await tx.value(STATE, shipment_id)
    return None if found is None else State(found)
