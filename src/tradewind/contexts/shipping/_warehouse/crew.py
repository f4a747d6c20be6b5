"""Ask the warehouse's system what is to be asked of it, in every worker: send, call off, hear what was picked.

As with carriers: claimed under a lease, asked outside of any transaction, noted under the fence that was claimed; a
lost answer is asked for again by the same key, so nothing is picked twice.
"""

import asyncio
from typing import Any, Final

from tradewind.contexts.shipping._domain.handover import State
from tradewind.contexts.shipping._domain.parcel import wait
from tradewind.contexts.shipping._store import warehouse_orders
from tradewind.contexts.shipping._store.warehouse_orders import Asked
from tradewind.contexts.shipping._warehouse.noting import note
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Unavailable
from tradewind.ports.warehouse_system import (
    FulfillmentOrder,
    KeyReused,
    NotTaken,
    Picked,
    Taken,
    WarehouseSystem,
)
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

LOOK_EVERY_S: Final = 1.0
ASK_WITHIN_S: Final = 20.0
CALL: Final = internal_call("shipping.pick_by_system")


async def pick_by_system(db: Database) -> int:
    """Ask about a handful of orders; how many."""
    async with db.transaction(CALL) as tx:
        claimed = await warehouse_orders.claim(tx)
    await asyncio.gather(*(_one(db, asked) for asked in claimed))
    return len(claimed)


async def _one(db: Database, asked: Asked) -> None:
    try:
        async with asyncio.timeout(ASK_WITHIN_S):
            answer = await _ask(db.peers, asked)
    except (Unavailable, TimeoutError) as trouble:
        log.warning("warehouse system not reached", tries=asked.tries + 1, error=type(trouble).__name__)
        async with db.transaction(CALL) as tx:
            await warehouse_orders.ask_again(tx, asked, now() + wait(asked.tries))
        return
    failpoint("shipping.before_picks")
    async with db.transaction(CALL) as tx:
        await note(tx, asked, answer)


async def _ask(peers: Any, asked: Asked) -> Taken | NotTaken | Picked | bool | None:
    system: WarehouseSystem = peers[WarehouseSystem]
    key = str(asked.id)
    if asked.state is State.CANCELING:
        return await system.cancel(key)
    if asked.state is State.SENT:
        return await system.picked(key)
    try:
        return await system.send(FulfillmentOrder(reference=str(asked.shipment_id), lines=asked.lines), key)
    except KeyReused:
        return NotTaken(reason="the system knows it with other goods")


PICK: Final = Timer("shipping.pick_by_system", LOOK_EVERY_S, pick_by_system, apart=True)
