"""Orders and edits whose goods are not held any more are called off, wherever their sagas stand before the pivot."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tradewind.contexts.orders.payers import PAYING
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.orders.place_order.waiting import PLACING
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import signals

OURS: Final = {one.name: one for one in PAYING} | {one.name: PLACE_ORDER for one in PLACING}


async def call_off(tx: Tx, ids: Sequence[UUID], why: str) -> None:
    """Nothing changes for a saga past its pivot, for one that is being undone, and for what is neither order nor edit.

    One question where all of them are.
    """
    going_on = await signals.going_on(tx, PAYING, ids)
    held = await signals.hold(tx, PAYING, going_on) if going_on else {}
    for saga_id, row in held.items():
        await signals.cancel(tx, OURS[row["name"]], saga_id, why)
