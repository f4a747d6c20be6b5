"""Change a book's name at once, or its draft's time window; a version that was published keeps its window."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, UnsetType

from tradewind.contexts.pricing._domain.price_book import NoSuchPriceBook, PriceBook, check
from tradewind.contexts.pricing._store import price_books
from tradewind.contracts.messages import Command
from tradewind.kernel import clock
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ChangePriceBook(Command, frozen=True):
    """What is not said stays. `expected`: the version that the caller looked at."""

    book_id: UUID
    expected: int | None
    name: str | UnsetType = UNSET
    valid_from: datetime | UnsetType | None = UNSET
    valid_to: datetime | UnsetType | None = UNSET


@handler(action="pricing.change_price_book")
async def change_price_book(command: ChangePriceBook, tx: Tx) -> PriceBook:
    """The book after it. Refuses NoSuchPriceBook, Outdated and InvalidPriceBook."""
    book = await price_books.hold(tx, command.book_id)
    if book is None:
        raise NoSuchPriceBook(bookId=str(command.book_id))
    expect(command.expected, book.version)
    name = book.name if command.name is UNSET else command.name
    if command.valid_from is UNSET and command.valid_to is UNSET:
        check(name, None, None, None)
    else:
        number = await price_books.open_draft(tx, book, clock.now())
        draft = (await price_books.versions(tx, book.id, number + 1, 1))[0]
        since = draft.valid_from if command.valid_from is UNSET else command.valid_from
        until = draft.valid_to if command.valid_to is UNSET else command.valid_to
        check(name, None, since, until)
        await tx.run(price_books.SET_WINDOW, book.id, number, since, until)
    await tx.run(price_books.RENAME, book.id, name)
    tx.audit("pricing.change_price_book", str(book.id), name=name)
    changed = await price_books.get(tx, book.id)
    assert changed is not None, "it is held"
    return changed
