"""When a price begins to count, and what may not be said about it: pure."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.pricing import NoSuchPrice, ProductPriceChanged
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.kernel.money import Money, NotMoney

__all__ = ["Current", "InvalidPrice", "NoSuchPrice", "PriceOutOfOrder", "begins", "changed", "check", "read"]

MAX_PRICE_MINOR: Final = 10**11
"""Dearer than anything a shop sells one by one; a slip of the finger is refused."""
MAX_PRICE_TEXT: Final = 20
"""Characters of an amount: decimal arithmetic rounds what has more than 28 digits."""
MAX_PRICE_EXPONENT: Final = 12
MAX_REASON: Final = 200
_TICK: Final = timedelta(microseconds=1)


class InvalidPrice(Invalid):
    """The price breaks a rule. `errors` names each."""


class PriceOutOfOrder(Conflict):
    """A later price is known already; history is written in the order in which it happened."""


class Current(Struct, frozen=True, kw_only=True):
    """The list price that counts until another one does; `covered` where a more specific price lies above it now."""

    id: int
    sku: str
    product_id: UUID
    price: Money
    valid_from: datetime
    covered: bool = False

    def is_heard(self, successor: Money) -> bool:
        """Whether everybody notices a successor: not while something lies above both."""
        return not self.covered or successor.currency != self.price.currency


def read(amount: Decimal, currency: str) -> Money:
    """The price that was sent; refuses (InvalidPrice) what is no amount of that currency."""
    if len(str(amount)) > MAX_PRICE_TEXT or (amount.is_finite() and amount.adjusted() > MAX_PRICE_EXPONENT):
        raise InvalidPrice(errors=[{"pointer": "/amount", "detail": "The amount has too many digits."}])
    try:
        return Money.parse(amount, currency)
    except NotMoney as refusal:
        field = "currency" if "currency" in refusal.facts else "amount"
        raise InvalidPrice(errors=[{"pointer": f"/{field}", "detail": refusal.detail}]) from None


def check(price: Money, reason: str) -> None:
    """Refuse (InvalidPrice) what cannot be a price or says nothing about why."""
    errors = []
    if not 0 < price.minor <= MAX_PRICE_MINOR:
        errors.append({"pointer": "/amount", "detail": "A price is above zero and not absurdly high."})
    if not 1 <= len(reason) <= MAX_REASON or not reason.isprintable() or not reason.strip():
        errors.append({"pointer": "/reason", "detail": f"Expected 1 to {MAX_REASON} printable characters."})
    if errors:
        raise InvalidPrice(errors=errors)


def begins(current: Current | None, wanted: datetime | None, present: datetime) -> datetime:
    """When a new price begins: at `wanted`, or at present; after the current one in any case.

    Refuses (InvalidPrice) the future and (PriceOutOfOrder) what began before the current price did.
    """
    if wanted is not None and wanted > present:
        raise InvalidPrice("A price cannot be set ahead of time.", pointer="/validFrom")
    if current is None:
        return wanted or present
    if wanted is None:
        return max(present, current.valid_from + _TICK)
    if wanted <= current.valid_from:
        raise PriceOutOfOrder(sku=current.sku, valid_from=wanted.isoformat())
    return wanted


def changed(product_id: UUID, sku: str, price: Money, since: datetime, current: Current | None) -> ProductPriceChanged:
    """What is told of the change; the previous amount only where it is of the same currency."""
    comparable = current is not None and current.price.currency == price.currency
    return ProductPriceChanged(
        product_id=product_id,
        sku=sku,
        amount=price.amount,
        currency=price.currency,
        valid_from=since,
        previous_amount=current.price.amount if current is not None and comparable else None,
    )
