"""Open a price book. It counts for nobody until its first version is published."""

from datetime import datetime

from tradewind.contexts.pricing._domain.price_book import InvalidPriceBook, PriceBook, check
from tradewind.contexts.pricing._store import price_books
from tradewind.contracts.messages import Command
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money, NotMoney
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class CreatePriceBook(Command, frozen=True):
    """A book for one currency; for one customer group, or for everybody."""

    name: str
    currency: str
    customer_group: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@handler(action="pricing.create_price_book")
async def create_price_book(command: CreatePriceBook, tx: Tx) -> PriceBook:
    """The new book with an empty draft. Refuses InvalidPriceBook."""
    check(command.name, command.customer_group, command.valid_from, command.valid_to)
    try:
        Money.parse(0, command.currency)
    except NotMoney as refusal:
        raise InvalidPriceBook(errors=[{"pointer": "/currency", "detail": refusal.detail}]) from None
    book = PriceBook(
        id=new_id(), name=command.name, currency=command.currency, customer_group=command.customer_group,
        version=1, active=None, draft=1,
    )  # fmt: skip
    now = clock.now()
    await price_books.add(tx, book, now)
    subject = tx.call.actor.subject
    await tx.run(price_books.ADD_DRAFT, book.id, 1, command.valid_from, command.valid_to, now, subject)
    tx.audit("pricing.create_price_book", str(book.id), name=book.name, currency=book.currency)
    return book
