"""Bring what has changed of messages to their documents, wherever those are kept; what was erased goes there too.

The documents are written between two looks at the rows, inside no transaction, and say themselves how far they are. Who
dies in between has put what is put again, and it shows once. While they are away the rows wait; nothing else does.
"""

from typing import Any, Final

from tradewind.contexts.notifications._store.documents import MESSAGES, changes
from tradewind.ports.documents import MAX_PUT, Documents, DocumentsAway, Reached
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.spreading import horizon
from tradewind.runtime.timers import Timer

EVERY_S: Final = 1.0
BATCH: Final = MAX_PUT


async def spread_messages(db: Database) -> int:
    """What has changed next; how many messages that was where more are waiting, otherwise none."""
    documents: Any = db.peers[Documents]
    try:
        return await bring_on(db, documents)
    except DocumentsAway:  # its adapter has said so
        return 0


async def bring_on(db: Database, documents: Documents, *, batch: int = BATCH) -> int:
    """As `spread_messages`; raises DocumentsAway."""
    reached = await documents.reached(MESSAGES)
    async with db.reading(internal_call("notifications.spread")) as tx:
        changed = await changes(tx, reached, batch, below=await horizon(tx))
    if not changed:
        return 0
    failpoint("notifications.before_spread")
    await documents.put(MESSAGES, changed, Reached(changed[-1].version, changed[-1].id))
    return len(changed) if len(changed) == batch else 0


SPREAD_MESSAGES = Timer("notifications.spread", EVERY_S, spread_messages, apart=True)
