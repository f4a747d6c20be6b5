"""Ask carriers what is to be asked of them, in every worker: book, call off, track.

Claimed under a lease, asked outside of any transaction, noted under the fence that was claimed. Who dies in between
leaves the parcel to the end of its lease; whoever asks again does so under the same key, so it is booked once. What the
shop decided otherwise meanwhile (an order that is off) stands: the late answer is not written, the carrier is told.
"""

import asyncio
from datetime import timedelta
from typing import Any, Final

from tradewind.contexts.shipping._carriage.noting import note, note_silence
from tradewind.contexts.shipping._domain.parcel import State
from tradewind.contexts.shipping._store import parcels
from tradewind.contexts.shipping._store.parcels import Asked
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.ports.carrier import Booked, Carriers, KeyReused, NotCarried, ParcelToCarry, Stage
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.failpoints import failpoint, planted
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

LOOK_EVERY_S: Final = 1.0
ASK_WITHIN_S: Final = 20.0
KEEP_NOTICES: Final = timedelta(days=30)
PURGE_EVERY_S: Final = 600.0
PURGE_BATCH: Final = 1_000
CALL: Final = internal_call("shipping.carry")


async def carry(db: Database) -> int:
    """Ask about a handful of parcels; how many."""
    async with db.transaction(CALL) as tx:
        claimed = await parcels.claim(tx)
    failpoint("shipping.after_claim")
    await asyncio.gather(*(_carry(db, one) for one in claimed))
    return len(claimed)


async def _carry(db: Database, asked: Asked) -> None:
    try:
        async with asyncio.timeout(ASK_WITHIN_S):
            answer = await _ask(db.peers, asked)
    except (Unavailable, TimeoutError) as trouble:
        log.warning("carrier not reached", carrier=asked.carrier, tries=asked.tries + 1, error=type(trouble).__name__)
        async with db.transaction(CALL) as tx:
            await note_silence(tx, asked)
        return
    failpoint("shipping.before_record")
    async with db.transaction(CALL) as tx:
        await note(tx, asked, answer)
    failpoint("shipping.after_record")


async def _ask(peers: Any, asked: Asked) -> Booked | NotCarried | Stage | bool | None:
    carrier = peers[Carriers].by_name.get(asked.carrier)
    if carrier is None:
        raise Unavailable("The shop does not work with this carrier any more.", carrier=asked.carrier)
    key = str(new_id() if planted("another_key_each_try") else asked.id)
    if asked.state is State.CANCELING:
        return bool(await carrier.cancel(key))
    if asked.state is not State.WANTED:
        stage: Stage | None = await carrier.track(key)
        return stage
    parcel = ParcelToCarry(
        reference=f"{asked.shipment_id}/{asked.number}",
        weight_g=asked.size.weight_g,
        length_mm=asked.size.length_mm,
        width_mm=asked.size.width_mm,
        height_mm=asked.size.height_mm,
        address=asked.address,
    )
    try:
        booked: Booked | NotCarried = await carrier.book(parcel, key)
    except KeyReused:
        return NotCarried(reason="the carrier knows it with another address; pack it again")
    return booked


async def purge(tx: Tx) -> int:
    """Forget what carriers told long ago: such a notice is too old to be heard again."""
    return await tx.run(parcels.FORGET_NOTICES, now() - KEEP_NOTICES, PURGE_BATCH)


CARRY: Final = Timer("shipping.carry", LOOK_EVERY_S, carry, apart=True)
PURGE: Final = Timer("shipping.purge_notices", PURGE_EVERY_S, purge)
