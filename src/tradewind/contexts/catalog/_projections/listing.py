"""The read model listing: all that search shows (S0-57, S1-56), by events alone; and what of it the index must be told.

A row and that it is to be told commit together; `index_keeping` tells the search index, inside no transaction. Of what
is told of a SKU's stock the word with the greatest version counts, in whichever order they come, as in
inventory_snapshot; a row that begins to show a SKU is given the last such word.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import astuple, replace

from tradewind.contexts.catalog._domain.listing import DELETED, Listing, shown, unheard_of
from tradewind.contexts.catalog._projections.inventory_snapshot import last_words, levels_of
from tradewind.contracts.catalog import (
    CategoryCreated,
    CategoryUpdated,
    ProductCreated,
    ProductDeleted,
    ProductUpdated,
)
from tradewind.contracts.inventory import (
    BackorderAllotted,
    BundleChanged,
    InventoryReleased,
    InventoryReservationExpired,
    InventoryReserved,
    StockAdjusted,
)
from tradewind.contracts.pricing import (
    FlashSaleEnded,
    FlashSaleExhausted,
    FlashSaleReopened,
    FlashSaleStarted,
    ProductPriceChanged,
)
from tradewind.contracts.reviews import RatingChanged
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import apart, projection

LOAD: Final = """
    SELECT * FROM catalog.listing
    WHERE product_id = ANY($1::uuid[]) OR sku = ANY($2::text[]) OR category_id = ANY($3::uuid[])
"""
SAVE: Final = """
    INSERT INTO catalog.listing SELECT * FROM unnest($1::catalog.listing[])
    ON CONFLICT (product_id) DO UPDATE SET
        sku = excluded.sku, name = excluded.name, description = excluded.description, brand = excluded.brand,
        category = excluded.category, category_id = excluded.category_id, category_path = excluded.category_path,
        status = excluded.status, is_parent = excluded.is_parent, attributes = excluded.attributes,
        image = excluded.image, created_at = excluded.created_at, price_minor = excluded.price_minor,
        currency = excluded.currency, sale_id = excluded.sale_id, sale_minor = excluded.sale_minor,
        sold_out = excluded.sold_out, available = excluded.available, rating = excluded.rating,
        rating_count = excluded.rating_count
"""
MOVE: Final = """
    UPDATE catalog.listing AS l SET available = l.available + u.pieces
    FROM unnest($1::text[], $2::int[]) AS u (sku, pieces) WHERE l.sku = u.sku
    RETURNING l.product_id, l.available, u.pieces
"""
HEAR: Final = """
    WITH news AS (
        INSERT INTO catalog.listed_stock AS s (sku, version, available)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[])
        ON CONFLICT (sku) DO UPDATE SET version = excluded.version, available = excluded.available
        WHERE s.version < excluded.version
        RETURNING sku, available)
    UPDATE catalog.listing AS l SET available = n.available
    FROM news AS n JOIN catalog.listing AS o ON o.sku = n.sku
    WHERE l.product_id = o.product_id AND l.available <> n.available
    RETURNING l.product_id, l.available, l.available - o.available AS pieces
"""
CATCH_UP: Final = """
    UPDATE catalog.listing AS l SET available = s.available FROM catalog.listed_stock AS s
    WHERE l.product_id = ANY($1::uuid[]) AND s.sku = l.sku AND l.available <> s.available
"""
TELL: Final = """
    INSERT INTO catalog.to_index (product_id) SELECT id FROM unnest($1::uuid[]) AS id ORDER BY id
    ON CONFLICT (product_id) DO UPDATE SET token = excluded.token
"""
GET: Final = "SELECT * FROM catalog.listing WHERE product_id = ANY($1::uuid[])"
ListingEvent: TypeAlias = (
    ProductCreated
    | ProductUpdated
    | ProductDeleted
    | CategoryCreated
    | CategoryUpdated
    | ProductPriceChanged
    | FlashSaleStarted
    | FlashSaleExhausted
    | FlashSaleReopened
    | FlashSaleEnded
    | StockAdjusted
    | BundleChanged
    | InventoryReserved
    | InventoryReleased
    | InventoryReservationExpired
    | BackorderAllotted
    | RatingChanged
)
StockMoved: TypeAlias = InventoryReserved | InventoryReleased | InventoryReservationExpired | BackorderAllotted
StockTold: TypeAlias = StockMoved | StockAdjusted | BundleChanged
_encode: Final = msgspec.json.Encoder().encode


@apart
@projection("catalog.listing")
async def listing(events: Sequence[ListingEvent], tx: Tx) -> None:
    """A question and a few statements, however many events; nothing where nothing changed."""
    moves = [event for event in events if isinstance(event, StockMoved)]
    if len(moves) == len(events):
        await _move(moves, tx)
        return
    before = {row["product_id"]: from_row(row) for row in await tx.all(LOAD, *_named(events))}
    after = _Shelf(before)
    for event in events:
        after.hear(event)
    changed = [one for product_id, one in after.rows.items() if one != before.get(product_id)]
    if changed:
        await tx.run(SAVE, [_row(one) for one in changed])
    seen = {one.product_id for one in changed}
    seen |= {row["product_id"] for row in await _hear(events, tx)}
    if new := [one.product_id for one in changed if not _carried(before.get(one.product_id), one.sku)]:
        await tx.run(CATCH_UP, new)
    if seen:
        await _tell(tx, before, [from_row(row) for row in await tx.all(GET, list(seen))])


def _carried(row: Listing | None, sku: str) -> bool:
    return row is not None and row.sku == sku


async def _move(events: Sequence[StockMoved], tx: Tx) -> None:
    """What orders do all day: one statement, and the index only where another number is shown."""
    moved = Counter[str]()
    for event in events:
        sign = -1 if isinstance(event, InventoryReserved) else 1
        for line in () if event.levels or isinstance(event, BackorderAllotted) else event.items:
            moved[line.sku] += sign * line.qty
    moved = Counter({sku: pieces for sku, pieces in moved.items() if pieces})
    rows = [*(await tx.all(MOVE, list(moved), list(moved.values())) if moved else ()), *await _hear(events, tx)]
    seen = [row["product_id"] for row in rows if shown(row["available"]) != shown(row["available"] - row["pieces"])]
    if seen:
        await _tell(tx, {}, [from_row(row) for row in await tx.all(GET, seen)])


async def _hear(events: Iterable[ListingEvent], tx: Tx) -> Sequence[Any]:
    """The rows that show other numbers because of what these say with versions."""
    levels = [one for one in last_words(event for event in events if isinstance(event, StockTold)) if one.version]
    if not levels:
        return ()
    left = [one.on_hand - one.reserved for one in levels]
    return await tx.all(HEAR, [one.sku for one in levels], [one.version for one in levels], left)


async def _tell(tx: Tx, before: Mapping[UUID, Listing], changed: Iterable[Listing]) -> None:
    """Note for the index those that are shown otherwise than before."""
    seen = list[UUID]()
    for one in changed:
        old = before.get(one.product_id)
        if one.document() != (old.document() if old is not None else None):
            seen.append(one.product_id)
    if seen:
        await tx.run(TELL, seen)


class _Shelf:
    """Rows while events change them."""

    def __init__(self, rows: Mapping[UUID, Listing]) -> None:
        self.rows = dict(rows)
        self._by_sku = {one.sku: one.product_id for one in self.rows.values()}

    def hear(self, event: ListingEvent) -> None:
        """What the event changes."""
        match event:
            case ProductCreated() | ProductUpdated():
                self._change(event.product_id, lambda row: row.described(event))
                self._by_sku[event.sku] = event.product_id
            case ProductDeleted():
                self._change(event.product_id, lambda row: replace(row, status=DELETED))
            case CategoryCreated() | CategoryUpdated():
                for row in [one for one in self.rows.values() if one.category_id == event.category_id]:
                    self.rows[row.product_id] = row.standing(event)
            case ProductPriceChanged():
                self._change(event.product_id, lambda row: row.priced(event))
            case FlashSaleStarted() | FlashSaleExhausted() | FlashSaleReopened() | FlashSaleEnded():
                self._sell(event)
            case RatingChanged():
                self._change(event.product_id, lambda row: replace(row, rating=event.average, rating_count=event.count))
            case _:
                self._count(event)

    def _sell(self, event: FlashSaleStarted | FlashSaleExhausted | FlashSaleReopened | FlashSaleEnded) -> None:
        match event:
            case FlashSaleStarted():
                price = _sale_price(event)
                for product_id in event.product_ids if price else ():
                    self._change(product_id, lambda row: row.on_sale(event.sale_id, price))
            case FlashSaleExhausted() | FlashSaleReopened():
                sold_out = isinstance(event, FlashSaleExhausted)
                for product_id in event.product_ids:
                    self._change(product_id, lambda row: row.with_sale(event.sale_id, sold_out=sold_out))
            case FlashSaleEnded():
                for product_id in event.product_ids:
                    self._change(product_id, lambda row: row.after_sale(event.sale_id))
            case _:
                assert_never(event)

    def _count(self, event: StockTold) -> None:
        """By pieces, where the event is of an old log; else who carries the SKU is all that a row needs to know."""
        match event:
            case StockAdjusted() | BundleChanged() if levels_of(event):
                self._change(event.product_id, lambda row: replace(row, sku=event.sku))
                self._by_sku[event.sku] = event.product_id
            case _ if levels_of(event):
                pass
            case StockAdjusted():
                self._change(
                    event.product_id,
                    lambda row: replace(row, sku=event.sku, available=event.on_hand - event.reserved),
                )
                self._by_sku[event.sku] = event.product_id
            case BundleChanged():
                self._change(event.product_id, lambda row: replace(row, sku=event.sku, available=event.available))
            case InventoryReserved():
                for line in event.items:
                    self._move(line.sku, -line.qty)
            case InventoryReleased() | InventoryReservationExpired():
                for line in event.items:
                    self._move(line.sku, line.qty)
            case BackorderAllotted():
                pass  # an old log counts it once its order has it
            case _:
                assert_never(event)

    def _move(self, sku: str, pieces: int) -> None:
        product_id = self._by_sku.get(sku)
        if product_id is not None:
            self._change(product_id, lambda row: replace(row, available=row.available + pieces))

    def _change(self, product_id: UUID, how: Callable[[Listing], Listing]) -> None:
        self.rows[product_id] = how(self.rows.get(product_id) or unheard_of(product_id))


def _sale_price(event: FlashSaleStarted) -> Money | None:
    return None if event.price is None or event.currency is None else Money.parse(event.price, event.currency)


def _named(events: Iterable[ListingEvent]) -> tuple[list[UUID], list[str], list[UUID]]:
    """The products, SKUs and categories that events speak of."""
    products, skus, categories = set[UUID](), set[str](), set[UUID]()
    for event in events:
        match event:
            case CategoryCreated() | CategoryUpdated():
                categories.add(event.category_id)
            case FlashSaleStarted() | FlashSaleExhausted() | FlashSaleReopened() | FlashSaleEnded():
                products.update(event.product_ids)
            case InventoryReserved() | InventoryReleased() | InventoryReservationExpired() | BackorderAllotted():
                skus.update(line.sku for line in event.items)
            case _:
                products.add(event.product_id)
    return list(products), list(skus), list(categories)


def from_row(row: Any) -> Listing:
    """A row as the domain knows it."""
    fields = dict(row)
    fields["attributes"] = msgspec.json.decode(fields["attributes"])
    fields["category_path"] = tuple(fields["category_path"])
    return Listing(**fields)


def _row(one: Listing) -> tuple[Any, ...]:
    return astuple(replace(one, attributes=_encode(one.attributes).decode()))
