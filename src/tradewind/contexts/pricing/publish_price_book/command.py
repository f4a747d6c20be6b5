"""Publish a book's draft: from now on it counts, within its time window, and is not changed any more."""

from uuid import UUID

from tradewind.contexts.pricing._domain.price_book import (
    LIFECYCLE,
    NoSuchPriceBook,
    NothingToPublish,
    PriceBook,
    Published,
    VersionState,
)
from tradewind.contexts.pricing._store import price_books
from tradewind.contracts.messages import Command
from tradewind.kernel import clock
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class PublishPriceBook(Command, frozen=True):
    """The draft becomes the active version; the one before it is retired."""

    book_id: UUID
    expected: int | None = None


@handler(action="pricing.publish_price_book")
async def publish_price_book(command: PublishPriceBook, tx: Tx) -> PriceBook:
    """The book after it; changed general prices are told within a second. Refuses NoSuchPriceBook, NothingToPublish."""
    book = await price_books.hold(tx, command.book_id)
    if book is None:
        raise NoSuchPriceBook(bookId=str(command.book_id))
    expect(command.expected, book.version)
    if book.draft is None or not await tx.value(price_books.COUNT, book.id, book.draft):
        raise NothingToPublish
    assert LIFECYCLE.follow(VersionState.DRAFT, Published) is VersionState.ACTIVE, "what the statement writes"
    await price_books.publish(tx, book, clock.now())
    await tx.run(price_books.RENAME, book.id, book.name)
    tx.audit("pricing.publish_price_book", str(book.id), number=book.draft)
    published = await price_books.get(tx, book.id)
    assert published is not None, "it is held"
    return published
