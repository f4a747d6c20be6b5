"""Tells the search index what rows of listing show, and makes it anew from them where it is lost, damaged or of others.

What is to be told waits in a table until the index has it: told again by who comes after one that died in between, and
while the index is away by nobody. The index is asked between statements, inside no transaction. One process at a time
does it, by a lock of its connection; of one that was paused and replaced, what is late has a lower version.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID
from weakref import WeakSet

from tradewind.contexts.catalog._projections.listing import from_row
from tradewind.ports.search import ProductDocument, ProductIndex, SearchAway
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.leading import leading
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

ROUTE: Final = "catalog.keep_index"
LOOK_EVERY_S: Final = 1.0
"""How soon a lost index is noticed."""
TELL_EVERY_S: Final = 0.2
"""How soon the index is told."""
CHUNK: Final = 2_000
"""Rows that a new index is given at once."""
BATCH: Final = 500
"""Products that the index is told of at once."""
MAX_COUNTED: Final = 100_000
"""Beyond that it does not matter how many wait."""
LOCK: Final = "catalog.index"
"""Whoever has it tells the index."""
WAITING: Final = "SELECT count(*) FROM (SELECT FROM catalog.to_index LIMIT $1) AS those"
IN_TURN: Final = "SELECT pg_advisory_xact_lock(hashtext('catalog.put_number'))"
"""Whoever has a lower version has seen older rows."""
HOLD_STILL: Final = "LOCK TABLE catalog.listing IN SHARE MODE"
"""Waits until whoever is changing rows has committed."""
NUMBER: Final = "SELECT nextval('catalog.put_number')"
NEXT: Final = """
    SELECT t.product_id, t.token, l AS listing FROM (
        SELECT product_id, token FROM catalog.to_index ORDER BY token LIMIT $1) AS t
    LEFT JOIN catalog.listing AS l ON l.product_id = t.product_id
"""
TOLD: Final = """
    DELETE FROM catalog.to_index AS t USING (
        SELECT product_id FROM catalog.to_index AS i JOIN unnest($1::uuid[], $2::bigint[]) AS u (product_id, token)
        USING (product_id, token) ORDER BY product_id FOR UPDATE OF i SKIP LOCKED) AS told
    WHERE t.product_id = told.product_id
"""
"""What is locked has just been changed again."""
CHUNK_AFTER: Final = "SELECT * FROM catalog.listing WHERE product_id > $1 ORDER BY product_id LIMIT $2"
COUNT: Final = """
    SELECT (SELECT count(*) FROM catalog.listing WHERE status = 'ACTIVE' AND NOT is_parent AND price_minor IS NOT NULL),
        EXISTS (SELECT FROM catalog.to_index) AS are_waiting
"""
_NOBODY: Final = UUID(int=0)
_counted: WeakSet[Any] = WeakSet()
"""The indexes of which this process knows that they hold as many products as there are rows."""
_away: WeakSet[Any] = WeakSet()
"""Those that did not take what they were told last."""


async def tell_index(db: Database) -> int:
    """Tell the index what waits; how much that was where more may be waiting, otherwise none."""
    async with db.reading(internal_call(ROUTE)) as tx:
        waiting = await tx.value(WAITING, MAX_COUNTED)
    metrics.search_index_waiting.set(waiting)
    if not waiting:
        return 0
    async with leading(db, LOCK, ROUTE) as tx:
        return await _tell(db) if tx else 0


async def _tell(db: Database) -> int:
    index: Any = db.peers[ProductIndex]
    async with db.transaction(internal_call(ROUTE)) as tx:
        await tx.run(IN_TURN)
        version = await tx.value(NUMBER)
        rows = await tx.all(NEXT, BATCH)
    shown = {row["product_id"]: _document(row["listing"]) for row in rows}
    documents = [one for one in shown.values() if one is not None]
    gone = [product_id for product_id, one in shown.items() if one is None]
    try:
        await index.put(documents, gone, version)
    except SearchAway:
        if index not in _away:
            _away.add(index)
            log.warning("search index away, what it is to be told waits")
        return 0
    _away.discard(index)
    failpoint("catalog.before_told")
    async with db.transaction(internal_call(ROUTE)) as tx:
        await tx.run(TOLD, list(shown), [row["token"] for row in rows])
    return len(rows) if len(rows) == BATCH else 0


async def keep_index(db: Database) -> int:
    """Build the index anew where it is lost, damaged or of other rows than there are.

    That it holds as many as there are rows is looked at once a process: whatever is changed later waits to be told.
    """
    index: Any = db.peers[ProductIndex]
    try:
        held = await index.holds()
        if held is None or index not in _counted:
            async with leading(db, LOCK, ROUTE) as tx:
                if tx:
                    await _build(db, tx, index)
    except SearchAway:
        log.warning("search index not looked at or built, because it is away")
    return 0


async def _build(db: Database, lead: Tx, index: ProductIndex) -> None:
    """Unless it is whole; `lead` is the connection that has the lock."""
    held = await index.holds()
    rows, are_waiting = await lead.row(COUNT) or (0, False)
    if held is not None and are_waiting:
        return
    if held != rows:
        async with db.transaction(internal_call(ROUTE)) as tx:
            await tx.run(HOLD_STILL)
            await tx.run(IN_TURN)
            version = await tx.value(NUMBER)
        await index.rebuild(_documents(lead), version)
        log.info("search index built", products=rows)
    _counted.add(index)


async def _documents(lead: Tx) -> AsyncIterator[Sequence[ProductDocument]]:
    after = _NOBODY
    while rows := await lead.all(CHUNK_AFTER, after, CHUNK):
        after = rows[-1]["product_id"]
        yield [document for row in rows if (document := _document(row))]


def _document(row: Any) -> ProductDocument | None:
    return None if row is None else from_row(row).document()


TELL_INDEX = Timer("catalog.tell_index", TELL_EVERY_S, tell_index, apart=True)
KEEP_INDEX = Timer("catalog.keep_index", LOOK_EVERY_S, keep_index, apart=True)
