"""What may be said of a product: every rule, its limit and the pointer under which a breach is named. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from tradewind.contexts.catalog._domain.product import MAX_SKU, SKU, FirstPrice, InvalidProduct, Product, Value
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money, NotMoney

MAX_NAME: Final = 200
MAX_CATEGORY: Final = 100
MAX_BRAND: Final = 100
MAX_DESCRIPTION: Final = 10_000
MAX_ATTRIBUTES: Final = 50
MAX_ATTRIBUTE_NAME: Final = 40
MAX_ATTRIBUTE_TEXT: Final = 200
MAX_ATTRIBUTE_NUMBER: Final = 1e15
MAX_OPTIONS: Final = 3
MAX_OPTION_NAME: Final = 40
MAX_OPTION_VALUE: Final = 60
MAX_VARIANTS: Final = 200
"""Variants of one product."""
MAX_PRICE_MINOR: Final = 10**11
"""Dearer than anything a shop sells one by one; a slip of the finger is refused."""
MAX_PRICE_TEXT: Final = 20
"""Characters of an amount: decimal arithmetic rounds what has more than 28 digits."""
MAX_PRICE_EXPONENT: Final = 12
CURRENCY_PATTERN: Final = r"^[A-Z]{3}$"

Errors = Iterator[dict[str, Any]]


def check(errors: Sequence[dict[str, Any]]) -> None:
    """Refuse (InvalidProduct) where there are any."""
    if errors:
        raise InvalidProduct(errors=list(errors))


def described(sku: str, name: str, category: str, price: FirstPrice, **further: Any) -> Product:
    """A new product; refuses (InvalidProduct) with a pointer for every broken rule."""
    check([*_identifier(sku), *breaches(name=name, category=category, **further), *_price(price)])
    return Product(
        id=new_id(),
        sku=sku,
        name=name,
        category=category,
        price=Money.parse(price.amount, price.currency),
        created_at=now(),
        **further,
    )


def breaches(**said: Any) -> Errors:
    """Every rule that what is said of a product breaks; what is not named is not looked at."""
    for field, value in said.items():
        if rule := _RULES.get(field):
            yield from rule(value)


def _identifier(sku: str) -> Errors:
    if not SKU.fullmatch(sku):
        detail = f"A SKU begins with a letter or digit; up to {MAX_SKU} letters, digits, dots, dashes and underscores."
        yield {"pointer": "/sku", "detail": detail}


def text(pointer: str, value: str, longest: int) -> Errors:
    """A name: one line, nothing invisible, no space around it."""
    if not 1 <= len(value) <= longest or not value.isprintable() or value != value.strip():
        detail = f"Expected 1 to {longest} printable characters without space around them."
        yield {"pointer": pointer, "detail": detail}


def _brand(value: str) -> Errors:
    return text("/brand", value, MAX_BRAND) if value else iter(())


def _description(value: str) -> Errors:
    if len(value) > MAX_DESCRIPTION or not all(line.isprintable() for line in value.replace("\t", " ").split("\n")):
        detail = f"Expected up to {MAX_DESCRIPTION} characters; besides line ends and tabs, printable ones."
        yield {"pointer": "/description", "detail": detail}


def _attributes(value: Mapping[str, Value]) -> Errors:
    if len(value) > MAX_ATTRIBUTES:
        yield {"pointer": "/attributes", "detail": f"A product has up to {MAX_ATTRIBUTES} attributes."}
        return
    for name, said in value.items():
        pointer = f"/attributes/{name.replace('~', '~0').replace('/', '~1')}"
        yield from text(pointer, name, MAX_ATTRIBUTE_NAME)
        if isinstance(said, str):
            yield from text(pointer, said, MAX_ATTRIBUTE_TEXT)
        elif not math.isfinite(said) or abs(said) > MAX_ATTRIBUTE_NUMBER:
            yield {"pointer": pointer, "detail": "Expected a number that is not absurdly large."}


def _option_names(value: Sequence[str]) -> Errors:
    if len(value) > MAX_OPTIONS or len(set(value)) != len(value):
        yield {"pointer": "/optionNames", "detail": f"Expected up to {MAX_OPTIONS} different names."}
    for index, name in enumerate(value):
        yield from text(f"/optionNames/{index}", name, MAX_OPTION_NAME)


def _options(value: Mapping[str, str]) -> Errors:
    for name, chosen in value.items():
        yield from text(f"/options/{name.replace('~', '~0').replace('/', '~1')}", chosen, MAX_OPTION_VALUE)


def _price(price: FirstPrice) -> Errors:
    amount: Decimal = price.amount
    if len(str(amount)) > MAX_PRICE_TEXT or (amount.is_finite() and amount.adjusted() > MAX_PRICE_EXPONENT):
        yield {"pointer": "/price/amount", "detail": "The amount has too many digits."}
        return
    try:
        money = Money.parse(amount, price.currency)
    except NotMoney as refusal:
        field = "currency" if "currency" in refusal.facts else "amount"
        yield {"pointer": f"/price/{field}", "detail": refusal.detail}
        return
    if not 0 < money.minor <= MAX_PRICE_MINOR:
        yield {"pointer": "/price/amount", "detail": "A price is above zero and not absurdly high."}


_RULES: Final = {
    "name": lambda value: text("/name", value, MAX_NAME),
    "category": lambda value: text("/category", value, MAX_CATEGORY),
    "brand": _brand,
    "description": _description,
    "attributes": _attributes,
    "option_names": _option_names,
    "options": _options,
}
