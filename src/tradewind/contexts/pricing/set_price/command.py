"""Set the price that counts from now on."""

from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.price import NoSuchPrice, read
from tradewind.contexts.pricing._store import prices
from tradewind.contexts.pricing.set_price import succession
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class SetPrice(Command, frozen=True):
    """From now on the product costs `amount` of `currency`."""

    product_id: UUID
    amount: Decimal
    currency: str
    reason: str


class PriceSet(Struct, frozen=True, kw_only=True, rename="camel"):
    """The price that counts."""

    product_id: UUID
    sku: str
    amount: Decimal
    currency: str


@handler(action="pricing.set_price")
async def set_price(command: SetPrice, tx: Tx) -> PriceSet:
    """Succeed the current price; refuses with InvalidPrice, or NoSuchPrice where the product never had one."""
    price = read(command.amount, command.currency)
    current = await prices.hold(tx, command.product_id)
    if current is None:
        raise NoSuchPrice(product_id=str(command.product_id))
    await succession.succeed(tx, current, (current.sku, current.product_id, price), command.reason)
    tx.audit("pricing.set_price", current.sku, was=str(current.price), now=str(price), reason=command.reason)
    return PriceSet(product_id=current.product_id, sku=current.sku, amount=price.amount, currency=price.currency)
