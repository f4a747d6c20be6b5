"""What there is of many SKUs: from a snapshot that is kept elsewhere, or from inventory's own rows.

Both have the same order, so a cursor that one gave goes on in the other.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.inventory._store import standings
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import Keyset, Text
from tradewind.ports.stock_snapshots import Standing, StockSnapshot, StockSnapshotAway
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Asking, outside, query
from tradewind.runtime.telemetry import metrics

MAX_PAGE: Final = 500
SKUS: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(,[A-Za-z0-9][A-Za-z0-9._-]{0,63})*$"
"""With commas between them: as many as a text in an address has room for, which is 255 characters."""
BY_SKU: Final = Keyset("stock", Text, "")


class ListStock(Command, frozen=True):
    """See these SKUs (with commas between them), or all of them page by page: `cursor` is `next` of the one before."""

    skus: str | None = None
    limit: int = 100
    cursor: str | None = None


class LookUpStock(Command, frozen=True):
    """See `skus`, or else `many` that follow one, in the rows."""

    skus: Sequence[str] = ()
    after: str = ""
    many: int = 0


class SkuStock(Struct, frozen=True, kw_only=True, rename="camel"):
    """`on_hand` lie in all warehouses, `reserved` of these are promised, `available` can still be promised.

    Of two answers about one SKU the one with the greater `version` is the later one. Of a bundle, `on_hand` is how many
    can be put together.
    """

    sku: str
    product_id: UUID | None
    on_hand: int
    reserved: int
    available: int
    version: int


class StockPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some SKUs, and where the next ones begin."""

    items: list[SkuStock]
    next: str | None


@outside(action="inventory.list_stock")
async def list_stock(command: ListStock, ask: Asking) -> StockPage:
    """In the order of the SKUs' characters; what has no stock and never had any is missing. Refuses UnfitCursor."""
    if command.skus is not None:
        asked = LookUpStock(skus=command.skus.split(","))
        return StockPage(items=[_shown(one) for one in await _rows(ask, asked)], next=None)
    limit = min(command.limit, MAX_PAGE)
    rows = await _rows(ask, LookUpStock(after=BY_SKU.after(command.cursor), many=limit + 1))
    shown, next_ = BY_SKU.page(rows, limit, lambda one: one.sku)
    return StockPage(items=[_shown(one) for one in shown], next=next_)


@query(action="inventory.list_stock")
async def look_up_stock(command: LookUpStock, tx: Tx) -> Sequence[Standing]:
    """As the rows say."""
    if command.skus:
        return await standings.of(tx, command.skus)
    return await standings.after(tx, command.after, command.many)


async def _rows(ask: Asking, asked: LookUpStock) -> Sequence[Standing]:
    snapshot = ask.peer(StockSnapshot)
    try:
        found = await (snapshot.of(asked.skus) if asked.skus else snapshot.after(asked.after, asked.many))
    except StockSnapshotAway:
        metrics.stock_snapshot_missed_total.inc()
        found = None
    if found is not None:
        return sorted(found, key=lambda one: one.sku)
    rows: Sequence[Standing] = await ask(asked)
    return rows


def _shown(one: Standing) -> SkuStock:
    return SkuStock(
        sku=one.sku,
        product_id=one.product_id,
        on_hand=one.on_hand,
        reserved=one.reserved,
        available=one.on_hand - one.reserved,
        version=one.version,
    )
