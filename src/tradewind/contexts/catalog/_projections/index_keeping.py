"""Keeps the search index whole: makes it anew from the rows of listing where it is lost, damaged or of other rows."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID
from weakref import WeakSet

from tradewind.contexts.catalog._projections.listing import NUMBER, from_row
from tradewind.ports.search import ProductDocument, ProductIndex, SearchAway
from tradewind.runtime.database import Tx
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

LOOK_EVERY_S: Final = 1.0
"""How soon a lost index is noticed."""
CHUNK: Final = 2_000
"""Rows that a new index is given at once."""
HOLD_STILL: Final = "LOCK TABLE catalog.listing IN SHARE MODE"
"""Waits until whoever changes rows has put them into the index too, and lets nobody change any until the end."""
CHUNK_AFTER: Final = "SELECT * FROM catalog.listing WHERE product_id > $1 ORDER BY product_id LIMIT $2"
COUNT: Final = """
    SELECT count(*) FROM catalog.listing WHERE status = 'ACTIVE' AND NOT is_parent AND price_minor IS NOT NULL
"""
_NOBODY: Final = UUID(int=0)
_counted: WeakSet[Any] = WeakSet()
"""The indexes of which this process knows that they hold as many products as there are rows."""


async def keep_index(tx: Tx) -> int:
    """Build the index anew where it is lost, damaged or of other rows than there are; how many products it holds then.

    That it holds as many as there are rows is looked at once a process: whatever is put later is kept count of by
    whoever could not put it.
    """
    index = tx.peer(ProductIndex)
    try:
        held = await index.holds()
    except SearchAway:
        return 0
    if held is not None and index in _counted:
        return 0
    await tx.run(HOLD_STILL)
    rows = await tx.value(COUNT)
    try:
        if held is None or await index.holds() != rows:
            await index.rebuild(_documents(tx), await tx.value(NUMBER))
            log.info("search index built", products=rows)
    except SearchAway:
        log.exception("search index not built")
        return 0
    _counted.add(index)
    return 0


async def _documents(tx: Tx) -> AsyncIterator[Sequence[ProductDocument]]:
    after = _NOBODY
    while rows := await tx.all(CHUNK_AFTER, after, CHUNK):
        after = rows[-1]["product_id"]
        yield [document for row in rows if (document := from_row(row).document())]


KEEP_INDEX = Timer("catalog.keep_index", LOOK_EVERY_S, keep_index)
