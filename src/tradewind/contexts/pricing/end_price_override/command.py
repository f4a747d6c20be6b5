"""End the overrides of a product; as fast or not at all as they are set."""

from uuid import UUID

from tradewind.contexts.pricing._domain.price import NoSuchPrice
from tradewind.contexts.pricing._store import overrides
from tradewind.contexts.pricing.tell_prices.retelling import retell
from tradewind.contracts.messages import Command
from tradewind.kernel import clock
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class EndPriceOverride(Command, frozen=True):
    """The usual prices count again: in one currency, or in all."""

    product_id: UUID
    currency: str | None = None


@handler(action="pricing.end_price_override")
async def end_price_override(command: EndPriceOverride, tx: Tx) -> None:
    """Nothing happens where there is none. Refuses NoSuchPrice, and Busy at once."""
    sku = await overrides.hold_at_once(tx, command.product_id)
    if sku is None:
        raise NoSuchPrice(product_id=str(command.product_id))
    if await overrides.end(tx, command.product_id, command.currency, clock.now()):
        await retell(tx, [sku])
        tx.audit("pricing.end_price_override", sku, currency=command.currency)
