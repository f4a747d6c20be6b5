"""Count everything anew from the log, while the shop goes on.

What the worker puts meanwhile is put here as well, and counts once. Who dies in the middle begins anew; until one has
come to the end, no day is summed up from what is missing.
"""

from collections.abc import Sequence
from typing import Final

from tradewind.contexts.analytics._domain.facts import facts
from tradewind.contexts.analytics._store import rebuilds
from tradewind.contexts.analytics._subscribers.gather import gather
from tradewind.contracts.privacy import Pseudonyms
from tradewind.ports.columns import Columns
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.reading import START, read

BATCH: Final = 5_000
"""Events of the log that are read at once."""


async def rebuild_columns(logs: Sequence[Database], columns: Columns, pseudonyms: Pseudonyms) -> int:
    """Empty the columns and put all that the logs say; how many events it was. Raises ColumnsAway, DatabaseAway.

    `logs`: the database of analytics, then those of others that tell events in a log of their own.
    """
    call = internal_call("analytics.rebuild")
    async with logs[0].transaction(call) as tx:
        began_at = await rebuilds.begin(tx)
    await columns.clear()
    heard = sum([await _put_all(db, columns, pseudonyms) for db in logs])
    async with logs[0].transaction(call) as tx:
        await rebuilds.end(tx, began_at)
    return heard


async def _put_all(db: Database, columns: Columns, pseudonyms: Pseudonyms) -> int:
    heard, cursor = 0, START
    while True:
        async with db.reading(internal_call("analytics.rebuild")) as tx:
            batch = await read(tx.connection, cursor, BATCH)
        if not batch:
            return heard
        mine = [gather.given(logged) for logged in batch if logged.type in gather.types]
        if mine:
            await columns.put(facts(mine, pseudonyms.of))
        heard, cursor = heard + len(mine), batch[-1].at
