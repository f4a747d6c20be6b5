"""A bundle: sold as one thing, made of others; what it is made of is all the stock it has. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from tradewind.contexts.inventory._domain.stock import SKU
from tradewind.kernel.errors import Conflict, Invalid

MAX_PARTS: Final = 50
MAX_PIECES: Final = 1_000
Parts: TypeAlias = Mapping[str, int]
"""SKU to how many of it one bundle is made of."""
Bundles: TypeAlias = Mapping[str, Parts]
"""SKU of each bundle to its parts."""


class InvalidBundle(Invalid):
    """What is said of the bundle breaks a rule. `errors` names each."""


class NestedBundle(Conflict):
    """A bundle is made of things that are none, and is part of none. `skus` names what is in the way."""


class BundleHasStock(Conflict):
    """Pieces of it lie on the shelf, or are promised, as if it were no bundle."""


class NoStockOfItsOwn(Conflict):
    """A bundle has the stock of its parts; adjust those."""


def check(sku: str, parts: Parts) -> None:
    """Refuse (InvalidBundle) what cannot be put together."""
    errors = []
    if not re.fullmatch(SKU, sku):
        errors.append({"pointer": "/sku", "detail": "This is no SKU."})
    if not 1 <= len(parts) <= MAX_PARTS:
        errors.append({"pointer": "/parts", "detail": f"Expected 1 to {MAX_PARTS} parts."})
    for part, pieces in parts.items():
        if part == sku or not re.fullmatch(SKU, part) or not 1 <= pieces <= MAX_PIECES:
            detail = f"Expected another SKU, and 1 to {MAX_PIECES} pieces of it."
            errors.append({"pointer": f"/parts/{part}", "detail": detail})
    if errors:
        raise InvalidBundle(errors=errors)


def complete(parts: Parts, available: Mapping[str, int]) -> int:
    """How many bundles can be put together."""
    return min(max(0, available.get(part, 0)) // pieces for part, pieces in parts.items())


def needs(quantities: Mapping[str, int], bundles: Bundles) -> Mapping[str, int]:
    """What has to be there for all lines together, SKU to pieces, whether ordered alone or in bundles."""
    if not bundles:
        return quantities
    needed: dict[str, int] = {}
    for _, part, _, pieces in pieces_of(quantities, bundles):
        needed[part] = needed.get(part, 0) + pieces
    return needed


def pieces_of(quantities: Mapping[str, int], bundles: Bundles) -> Iterable[tuple[str | None, str, int, int]]:
    """(bundle, SKU, pieces in one, pieces in all) of each line."""
    for sku, quantity in quantities.items():
        if sku in bundles:
            for part, pieces in bundles[sku].items():
                yield sku, part, pieces, pieces * quantity
        else:
            yield None, sku, 1, quantity
