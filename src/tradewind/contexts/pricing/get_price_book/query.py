"""A price book, the history of its versions, and the entries of one of them."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.price_book import BookVersion, Entry, NoSuchPriceBook, PriceBook
from tradewind.contexts.pricing._store import price_books
from tradewind.contracts.messages import Command
from tradewind.kernel.money import Money
from tradewind.kernel.pages import Keyset, Number, Text, cut
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE: Final = 100
MAX_PAGE: Final = 1_000
ENTRIES: Final = Keyset("book entries", tuple[Text, Number], ("", 0))


class GetPriceBook(Command, frozen=True):
    """One book."""

    book_id: UUID


class ListBookVersions(Command, frozen=True):
    """At most `limit` versions of a book, newest first, those before the number `cursor`."""

    book_id: UUID
    limit: int = PAGE
    cursor: int | None = None


class ListBookEntries(Command, frozen=True):
    """At most `limit` entries of a version (None: the active one, or the draft where there is none)."""

    book_id: UUID
    number: int | None = None
    limit: int = PAGE
    cursor: str | None = None


class BookVersions(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some versions, and where the next ones begin."""

    items: tuple[BookVersion, ...]
    next: int | None


class BookEntries(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some entries of one version, by SKU and quantity, and where the next ones begin."""

    number: int
    items: tuple[Entry, ...]
    next: str | None


@query(action="pricing.get_price_book")
async def get_price_book(command: GetPriceBook, tx: Tx) -> PriceBook:
    """The book as it stands. Refuses NoSuchPriceBook."""
    return await _book(tx, command.book_id)


@query(action="pricing.get_price_book")
async def list_book_versions(command: ListBookVersions, tx: Tx) -> BookVersions:
    """A page of its history. Refuses NoSuchPriceBook."""
    await _book(tx, command.book_id)
    limit = min(command.limit, MAX_PAGE)
    found = await price_books.versions(tx, command.book_id, command.cursor, limit + 1)
    shown, last = cut(found, limit)
    return BookVersions(items=tuple(shown), next=last.number if last else None)


@query(action="pricing.get_price_book")
async def list_book_entries(command: ListBookEntries, tx: Tx) -> BookEntries:
    """A page of a version's prices. Refuses NoSuchPriceBook and UnfitCursor."""
    after = ENTRIES.after(command.cursor)
    book = await _book(tx, command.book_id)
    number = command.number or book.active or book.draft or 0
    limit = min(command.limit, MAX_PAGE)
    rows = await price_books.entries(tx, book.id, number, after, limit + 1)
    shown, next_ = ENTRIES.page(rows, limit, lambda row: (row[0], row[1]))
    items = tuple(
        Entry(sku=sku, min_quantity=least, amount=Money(minor, book.currency).amount) for sku, least, minor in shown
    )
    return BookEntries(number=number, items=items, next=next_)


async def _book(tx: Tx, book_id: UUID) -> PriceBook:
    book = await price_books.get(tx, book_id)
    if book is None:
        raise NoSuchPriceBook(bookId=str(book_id))
    return book
