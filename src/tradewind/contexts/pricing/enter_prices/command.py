"""Write many prices into a book's draft; a book without one gets a draft that says what its active version says."""

from collections.abc import Sequence
from uuid import UUID

from tradewind.contexts.pricing._domain.price_book import (
    MAX_ENTRIES,
    Entry,
    InvalidPriceBook,
    NoSuchPriceBook,
    PriceBook,
    minors,
)
from tradewind.contexts.pricing._store import price_books
from tradewind.contracts.messages import Command
from tradewind.kernel import clock
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class EnterPrices(Command, frozen=True):
    """Of each SKU in `entries` the draft says what they say, of those in `remove` nothing, of others what it said."""

    book_id: UUID
    entries: Sequence[Entry]
    remove: Sequence[str] = ()
    expected: int | None = None


@handler(action="pricing.enter_prices")
async def enter_prices(command: EnterPrices, tx: Tx) -> PriceBook:
    """The book after it. Refuses NoSuchPriceBook, Outdated and InvalidPriceBook; then nothing was written."""
    if len(command.entries) + len(command.remove) > MAX_ENTRIES:
        raise InvalidPriceBook(f"At most {MAX_ENTRIES} prices at once.")
    book = await price_books.hold(tx, command.book_id)
    if book is None:
        raise NoSuchPriceBook(bookId=str(command.book_id))
    expect(command.expected, book.version)
    amounts = minors(command.entries, book.currency)
    number = await price_books.open_draft(tx, book, clock.now())
    rows = [(one.sku, one.min_quantity, minor) for one, minor in zip(command.entries, amounts, strict=True)]
    await price_books.enter(tx, book.id, number, rows, set(command.remove))
    await tx.run(price_books.RENAME, book.id, book.name)
    tx.audit("pricing.enter_prices", str(book.id), number=number, entered=len(rows), removed=len(command.remove))
    changed = await price_books.get(tx, book.id)
    assert changed is not None, "it is held"
    return changed
