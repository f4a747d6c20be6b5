"""The SQL of price books, their versions and entries. Whoever changes a book holds its row first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.pricing._domain.price_book import BookVersion, PriceBook, VersionState
from tradewind.runtime.database import Tx

ADD: Final = """
    INSERT INTO pricing.price_book (id, name, currency, customer_group, created_at, created_by)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
ADD_DRAFT: Final = """
    INSERT INTO pricing.price_book_version (book_id, number, state, valid_from, valid_to, created_at, created_by)
    VALUES ($1, $2, 'DRAFT', $3, $4, $5, $6)
"""
COPY: Final = """
    INSERT INTO pricing.price_book_entry (book_id, number, sku, min_quantity, amount_minor)
    SELECT book_id, $3, sku, min_quantity, amount_minor FROM pricing.price_book_entry
    WHERE book_id = $1 AND number = $2
"""
GET: Final = """
    SELECT k.id, k.name, k.currency, k.customer_group, k.version,
        (SELECT number FROM pricing.price_book_version WHERE book_id = k.id AND state = 'ACTIVE') AS active,
        (SELECT number FROM pricing.price_book_version WHERE book_id = k.id AND state = 'DRAFT') AS draft
    FROM pricing.price_book AS k WHERE k.id = $1
"""
HOLD: Final = "SELECT id FROM pricing.price_book WHERE id = $1 FOR NO KEY UPDATE"
LIST: Final = """
    SELECT k.id, k.name, k.currency, k.customer_group, k.version,
        (SELECT number FROM pricing.price_book_version WHERE book_id = k.id AND state = 'ACTIVE') AS active,
        (SELECT number FROM pricing.price_book_version WHERE book_id = k.id AND state = 'DRAFT') AS draft
    FROM pricing.price_book AS k WHERE $1::uuid IS NULL OR k.id > $1 ORDER BY k.id LIMIT $2
"""
VERSIONS: Final = """
    SELECT v.*, (SELECT count(*) FROM pricing.price_book_entry AS e
        WHERE e.book_id = v.book_id AND e.number = v.number) AS entries
    FROM pricing.price_book_version AS v
    WHERE v.book_id = $1 AND ($2::int IS NULL OR v.number < $2) ORDER BY v.number DESC LIMIT $3
"""
ENTRIES: Final = """
    SELECT sku, min_quantity, amount_minor FROM pricing.price_book_entry
    WHERE book_id = $1 AND number = $2 AND (sku, min_quantity) > ($3, $4) ORDER BY sku, min_quantity LIMIT $5
"""
COUNT: Final = "SELECT count(*) FROM pricing.price_book_entry WHERE book_id = $1 AND number = $2"
RENAME: Final = "UPDATE pricing.price_book SET name = $2, version = version + 1 WHERE id = $1"
SET_WINDOW: Final = """
    UPDATE pricing.price_book_version SET valid_from = $3, valid_to = $4 WHERE book_id = $1 AND number = $2
"""
TAKE_OUT: Final = """
    DELETE FROM pricing.price_book_entry WHERE book_id = $1 AND number = $2 AND sku = ANY($3::text[])
"""
ENTER: Final = """
    INSERT INTO pricing.price_book_entry (book_id, number, sku, min_quantity, amount_minor)
    SELECT $1, $2, u.* FROM unnest($3::text[], $4::int[], $5::bigint[]) AS u
"""
RETIRE: Final = """
    UPDATE pricing.price_book_version SET state = 'RETIRED', retired_at = $2 WHERE book_id = $1 AND state = 'ACTIVE'
"""
PUBLISH: Final = """
    UPDATE pricing.price_book_version SET state = 'ACTIVE', published_at = $2, published_by = $3
    WHERE book_id = $1 AND state = 'DRAFT'
"""
LOOK_AGAIN: Final = """
    INSERT INTO pricing.price_due (sku)
    SELECT DISTINCT sku FROM pricing.price_book_entry WHERE book_id = $1 AND number = ANY($2::int[])
"""


async def get(tx: Tx, book_id: UUID) -> PriceBook | None:
    """The book as it stands."""
    row = await tx.row(GET, book_id)
    return None if row is None else PriceBook(**dict(row))


async def hold(tx: Tx, book_id: UUID) -> PriceBook | None:
    """The book; nobody else changes it until the transaction ends."""
    return await get(tx, book_id) if await tx.value(HOLD, book_id) else None


async def add(tx: Tx, book: PriceBook, at: datetime) -> None:
    """Write a new book."""
    subject = tx.call.actor.subject
    await tx.run(ADD, book.id, book.name, book.currency, book.customer_group, at, subject)


async def open_draft(tx: Tx, book: PriceBook, at: datetime) -> int:
    """The number of the book's draft; where it has none, of a new one that says what the active version says."""
    if book.draft is not None:
        return book.draft
    latest = await versions(tx, book.id, None, 1)
    number = latest[0].number + 1 if latest else 1
    active = (await versions(tx, book.id, book.active + 1, 1))[0] if book.active is not None else None
    since, until = (active.valid_from, active.valid_to) if active else (None, None)
    await tx.run(ADD_DRAFT, book.id, number, since, until, at, tx.call.actor.subject)
    if active is not None:
        await tx.run(COPY, book.id, active.number, number)
    return number


async def versions(tx: Tx, book_id: UUID, before: int | None, limit: int) -> list[BookVersion]:
    """At most `limit` versions, newest first, those before the number `before`."""
    fields = BookVersion.__struct_fields__
    rows = await tx.all(VERSIONS, book_id, before, limit)
    return [BookVersion(**{**{f: row[f] for f in fields}, "state": VersionState(row["state"])}) for row in rows]


async def enter(tx: Tx, book_id: UUID, number: int, rows: Sequence[tuple[str, int, int]], without: set[str]) -> None:
    """Let the draft say of each SKU of `rows` (SKU, least quantity, minor units) just that, of `without` nothing."""
    named = sorted({sku for sku, _, _ in rows} | without)
    await tx.run(TAKE_OUT, book_id, number, named)
    if rows:
        await tx.run(ENTER, book_id, number, *map(list, zip(*rows, strict=True)))


async def publish(tx: Tx, book: PriceBook, at: datetime) -> None:
    """The draft becomes the active version, the active one is retired; their products are looked at again."""
    await tx.run(RETIRE, book.id, at)
    await tx.run(PUBLISH, book.id, at, tx.call.actor.subject)
    tx.later(LOOK_AGAIN, book.id, [number for number in (book.active, book.draft) if number is not None])


async def entries(tx: Tx, book_id: UUID, number: int, after: tuple[str, int], limit: int) -> Sequence[Any]:
    """At most `limit` entries of a version that follow `after`, by SKU and quantity."""
    return await tx.all(ENTRIES, book_id, number, *after, limit)
