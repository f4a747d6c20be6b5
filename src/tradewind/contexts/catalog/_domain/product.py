"""A product and the rules of its description: pure."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import Conflict, Invalid, NotFound
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money, NotMoney

MAX_SKU: Final = 64
MAX_NAME: Final = 200
MAX_CATEGORY: Final = 100
MAX_PRICE_MINOR: Final = 10**11
"""Dearer than anything a shop sells one by one; a slip of the finger is refused."""
MAX_PRICE_TEXT: Final = 20
"""Characters of an amount: decimal arithmetic rounds what has more than 28 digits."""
MAX_PRICE_EXPONENT: Final = 12
SKU_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
CURRENCY_PATTERN: Final = r"^[A-Z]{3}$"
_SKU = re.compile(SKU_PATTERN.strip("^$"))


class InvalidProduct(Invalid):
    """The description of the product breaks a rule. `errors` names each."""


class SkuTaken(Conflict):
    """Another product carries this SKU."""


class NoSuchProduct(NotFound):
    """There is no such product."""


class Product(Struct, frozen=True, kw_only=True):
    """Something that can be bought. `price` is what pricing told last."""

    id: UUID
    sku: str
    name: str
    category: str
    price: Money


def described(sku: str, name: str, category: str, amount: Decimal, currency: str) -> Product:
    """A new product; refuses (InvalidProduct) with a pointer for every broken rule."""
    errors = [
        *_identifier(sku),
        *_text("/name", name, MAX_NAME),
        *_text("/category", category, MAX_CATEGORY),
        *_price(amount, currency),
    ]
    if errors:
        raise InvalidProduct(errors=errors)
    return Product(id=new_id(), sku=sku, name=name, category=category, price=Money.parse(amount, currency))


def _identifier(sku: str) -> Iterator[dict[str, Any]]:
    if not _SKU.fullmatch(sku):
        detail = f"A SKU begins with a letter or digit; up to {MAX_SKU} letters, digits, dots, dashes and underscores."
        yield {"pointer": "/sku", "detail": detail}


def _text(pointer: str, value: str, longest: int) -> Iterator[dict[str, Any]]:
    if not 1 <= len(value) <= longest or not value.isprintable() or value != value.strip():
        detail = f"Expected 1 to {longest} printable characters without space around them."
        yield {"pointer": pointer, "detail": detail}


def _price(amount: Decimal, currency: str) -> Iterator[dict[str, Any]]:
    if len(str(amount)) > MAX_PRICE_TEXT or (amount.is_finite() and amount.adjusted() > MAX_PRICE_EXPONENT):
        yield {"pointer": "/price/amount", "detail": "The amount has too many digits."}
        return
    try:
        price = Money.parse(amount, currency)
    except NotMoney as refusal:
        field = "currency" if "currency" in refusal.facts else "amount"
        yield {"pointer": f"/price/{field}", "detail": refusal.detail}
        return
    if not 0 < price.minor <= MAX_PRICE_MINOR:
        yield {"pointer": "/price/amount", "detail": "A price is above zero and not absurdly high."}
