"""The worked examples of docs/guides/pricing.md are what the shop computes: each is read, computed and compared."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tradewind.contexts.pricing._domain.promotion import State, Terms
from tradewind.contexts.pricing._domain.quote.composing import quote
from tradewind.contexts.pricing._domain.quote.facts import BookPrice, Coupon, Facts, Item, Promotion, SaleOffer
from tradewind.contexts.pricing._domain.tax_view import millionths
from tradewind.contexts.pricing._domain.taxes import TaxRegion
from tradewind.contracts.pricing import Explanation
from tradewind.kernel.money import Money

GUIDE = Path(__file__).parents[6] / "docs" / "guides" / "pricing.md"
EXAMPLE = re.compile(r"```json\n(?P<given>\{.*?\n\})\n```\n\n```text\n(?P<shown>.*?)\n```", re.DOTALL)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WIDTH = 62


def examples() -> list[tuple[str, str]]:
    return [(found["given"], found["shown"]) for found in EXAMPLE.finditer(GUIDE.read_text())]


def facts(given: dict[str, Any]) -> Facts:
    """What an example says, as the shop would have loaded it."""
    currency = given["currency"]
    rules = list(enumerate(given.get("promotions", [])))
    return Facts(
        items=tuple(_item(at, item, currency) for at, item in enumerate(given["items"])),
        currency=currency,
        at=NOON,
        shipping=_minor(given.get("shipping", "0"), currency),
        country=given["taxes"]["country"],
        groups=frozenset(given.get("groups", [])),
        codes=tuple(given.get("coupons", [])),
        promotions=tuple(_promotion(at, rule, currency) for at, rule in rules),
        coupons=tuple(Coupon(code=rule["code"], promotion_id=UUID(int=at)) for at, rule in rules if "code" in rule),
        tax=_region(given["taxes"]),
    )


def _minor(amount: str, currency: str) -> int:
    return Money.parse(amount, currency).minor


def _item(at: int, given: dict[str, Any], currency: str) -> Item:
    sale = given.get("flashSale")
    names = [book["name"] for book in given.get("books", [])]
    return Item(
        sku=given["sku"],
        product_id=UUID(int=at),
        quantity=given["qty"],
        list_minor=_minor(given["price"], currency),
        books=tuple(
            BookPrice(
                book_id=UUID(int=names.index(book["name"])),
                name=book["name"],
                minor=_minor(book["price"], currency),
                group=book.get("group"),
                min_quantity=book.get("minQuantity", 1),
            )
            for book in given.get("books", [])
        ),
        sale=sale and SaleOffer(sale_id=UUID(int=7), minor=_minor(sale["price"], currency), left=sale["left"]),
        tax_class=given.get("taxClass", "standard"),
    )


def _promotion(at: int, given: dict[str, Any], currency: str) -> Promotion:
    terms = {key: value for key, value in given.items() if key not in ("name", "code")}
    return Promotion(
        id=UUID(int=at),
        name=given["name"],
        state=State.ACTIVE,
        needs_coupon="code" in given,
        terms=msgspec.convert(terms, Terms),
        currency=currency,
    )


def _region(given: dict[str, Any]) -> TaxRegion:
    rates = {name: Decimal(percent) for name, percent in given["rates"].items()}
    usual = {"roundingMode": "half-up", "region": "", "shippingClass": None}
    known = {**usual, **given, "rates": millionths(rates)}
    names = {"pricesIncludeTax": "prices_include", "roundingScope": "rounding_scope"}
    names |= {"roundingMode": "rounding_mode", "shippingClass": "shipping_class"}
    return msgspec.convert({names.get(key, key): value for key, value in known.items()}, TaxRegion)


def drawn(node: Explanation, depth: int = 0) -> Iterator[str]:
    """The tree as the guide shows it: what counted with its amount, what did not with its reason."""
    text = "  " * depth + node.label
    if node.applied:
        yield f"{text:<{WIDTH}}{node.amount:>12}"
    elif node.parts:
        yield f"{text} ({node.why})".ljust(WIDTH) + f"{f'[{node.amount}]':>13}"
    else:
        yield f"{text} — not applied: {node.why}"
    for part in node.parts:
        yield from drawn(part, depth + 1)


def test_the_guide_has_worked_examples() -> None:
    assert len(examples()) == 4


@pytest.mark.parametrize("number", range(4))
def test_a_worked_example_is_what_the_shop_computes(number: int) -> None:
    given, shown = examples()[number]
    found = quote(facts(msgspec.json.decode(given)))
    assert "\n".join(drawn(found.explanation)) == shown
