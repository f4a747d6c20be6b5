"""Override a price: fast or not at all (S0-92).

Who finds the product's prices held by somebody else is told so at once. Nothing is tried again: Busy goes up to
whoever asked, and nothing has changed.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain import window
from tradewind.contexts.pricing._domain.price import InvalidPrice, NoSuchPrice, check, read
from tradewind.contexts.pricing._store import overrides
from tradewind.contexts.pricing.tell_prices.retelling import retell
from tradewind.contracts.messages import Command
from tradewind.kernel import clock
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class OverridePrice(Command, frozen=True):
    """The product costs `amount` of `currency`, whatever else is said, until somebody ends it or until `until`."""

    product_id: UUID
    amount: Decimal
    currency: str
    reason: str
    until: datetime | None = None


class PriceOverride(Struct, frozen=True, kw_only=True, rename="camel"):
    """A price above the others. Only a running flash sale's counts before it."""

    product_id: UUID
    sku: str
    amount: Decimal
    currency: str
    reason: str
    since: datetime
    until: datetime | None


@handler(action="pricing.override_price")
async def override_price(command: OverridePrice, tx: Tx) -> PriceOverride:
    """Succeed the override of the same currency, if any. Refuses InvalidPrice, NoSuchPrice, and Busy at once."""
    price = read(command.amount, command.currency)
    check(price, command.reason)
    now = clock.now()
    faults = [{**fault, "pointer": "/until"} for fault in window.faults(None, command.until)]
    if not faults and command.until is not None and command.until <= now:
        faults = [{"pointer": "/until", "detail": "It ends in the future."}]
    if faults:
        raise InvalidPrice(errors=faults)
    sku = await overrides.hold_at_once(tx, command.product_id)
    if sku is None:
        raise NoSuchPrice(product_id=str(command.product_id))
    await overrides.end(tx, command.product_id, price.currency, now)
    await overrides.put(tx, (command.product_id, sku), price, command.reason, now, command.until)
    await retell(tx, [sku])
    tx.audit("pricing.override_price", sku, price=str(price), reason=command.reason, until=_iso(command.until))
    return PriceOverride(
        product_id=command.product_id,
        sku=sku,
        amount=price.amount,
        currency=price.currency,
        reason=command.reason,
        since=now,
        until=command.until,
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
