"""One price succeeds another: what PUT …/price and PricingPeer.set_price share."""

from datetime import datetime
from uuid import UUID

from tradewind.contexts.pricing._domain.price import Current, begins, changed, check
from tradewind.contexts.pricing._store import prices, told
from tradewind.kernel import clock
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx


async def set_price(
    tx: Tx, product_id: UUID, sku: str, price: Money, *, reason: str, valid_from: datetime | None = None
) -> None:
    """Make `price` the one that counts; nothing happens where it did already at that time.

    Refuses with InvalidPrice and PriceOutOfOrder. Tells ProductPriceChanged.
    """
    current = await prices.hold(tx, product_id)
    await succeed(tx, current, (sku, product_id, price), reason, valid_from)


async def succeed(
    tx: Tx, current: Current | None, opened: tuple[str, UUID, Money], reason: str, valid_from: datetime | None = None
) -> None:
    """Let the price of `opened` (SKU, product, price) succeed the current one, which is held."""
    sku, product_id, price = opened
    check(price, reason)
    if not await _counts_already(tx, current, price, valid_from):
        since = begins(current, valid_from, clock.now())
        await prices.succeed(tx, current, opened, since, reason)
        if current is None or current.is_heard(price):
            tx.tell(changed(product_id, sku, price, since, current))
            told.note(tx, [opened], since)
        if current is None or current.price.currency != price.currency:
            told.look_again_if_in_a_book(tx, [sku])


async def _counts_already(tx: Tx, current: Current | None, price: Money, valid_from: datetime | None) -> bool:
    if current is None:
        return False
    if valid_from is None or valid_from >= current.valid_from:
        return current.price == price
    return await prices.at(tx, current.product_id, valid_from) == price
