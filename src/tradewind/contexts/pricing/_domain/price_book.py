"""A price book: prices in one currency for one customer group or for everybody, in versions. Pure."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain import window
from tradewind.contexts.pricing._domain.price import MAX_PRICE_MINOR, InvalidPrice, read
from tradewind.kernel.errors import Conflict, Invalid, NotFound
from tradewind.kernel.lifecycle import Lifecycle

MAX_NAME: Final = 100
MAX_ENTRIES: Final = 5_000
"""Prices entered or taken out at once."""
MAX_MIN_QUANTITY: Final = 100_000
MAX_SKU: Final = 64


class InvalidPriceBook(Invalid):
    """The price book breaks a rule. `errors` names each."""


class NoSuchPriceBook(NotFound):
    """There is no such price book, or no such version of it."""


class NothingToPublish(Conflict):
    """The price book has no draft, or its draft says nothing."""


class VersionState(StrEnum):
    """Where a version of a price book stands."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"


class Published:
    """It counts from now on, within its time window; what it says is not changed any more."""


class Retired:
    """A later version took its place."""


LIFECYCLE: Final = Lifecycle(
    (VersionState.DRAFT, Published, VersionState.ACTIVE),
    (VersionState.ACTIVE, Retired, VersionState.RETIRED),
)


class PriceBook(Struct, frozen=True, kw_only=True, rename="camel"):
    """A book. `customerGroup` null is for everybody; `version` rises with every change of it or of its draft."""

    id: UUID
    name: str
    currency: str
    customer_group: str | None
    version: int
    active: int | None
    draft: int | None


class BookVersion(Struct, frozen=True, kw_only=True, rename="camel"):
    """A version of a book. It counts while it is ACTIVE and between `validFrom` and `validTo`, where they are given."""

    number: int
    state: VersionState
    valid_from: datetime | None
    valid_to: datetime | None
    entries: int
    created_at: datetime
    created_by: str
    published_at: datetime | None
    published_by: str | None
    retired_at: datetime | None


class Entry(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What one piece costs where at least `minQuantity` pieces are bought."""

    sku: str
    amount: Decimal
    min_quantity: int = 1


def check(name: str, group: str | None, valid_from: datetime | None, valid_to: datetime | None) -> None:
    """Refuse (InvalidPriceBook) a book that breaks a rule."""
    errors = list(window.faults(valid_from, valid_to))
    for pointer, text in (("/name", name), ("/customerGroup", group)):
        if text is not None and (not 1 <= len(text) <= MAX_NAME or text != text.strip() or not text.isprintable()):
            errors.append({"pointer": pointer, "detail": f"Expected 1 to {MAX_NAME} printable characters."})
    if errors:
        raise InvalidPriceBook(errors=errors)


def minors(entries: Sequence[Entry], currency: str) -> list[int]:
    """Each entry's amount in minor units; refuses (InvalidPriceBook) with a pointer for each that breaks a rule."""
    found, errors, seen = [], [], set()
    for at, entry in enumerate(entries):
        if (entry.sku, entry.min_quantity) in seen:
            errors.append({"pointer": f"/entries/{at}", "detail": "The same SKU and quantity are there twice."})
        seen.add((entry.sku, entry.min_quantity))
        if not 1 <= entry.min_quantity <= MAX_MIN_QUANTITY:
            errors.append({"pointer": f"/entries/{at}/minQuantity", "detail": f"Expected 1 to {MAX_MIN_QUANTITY}."})
        if not 1 <= len(entry.sku) <= MAX_SKU:
            errors.append({"pointer": f"/entries/{at}/sku", "detail": f"Expected 1 to {MAX_SKU} characters."})
        try:
            minor = read(entry.amount, currency).minor
        except InvalidPrice as refusal:
            errors.extend({**one, "pointer": f"/entries/{at}/amount"} for one in refusal.facts["errors"])
            continue
        if not 0 < minor <= MAX_PRICE_MINOR:
            errors.append({"pointer": f"/entries/{at}/amount", "detail": "A price is above zero and not too high."})
        found.append(minor)
    if errors:
        raise InvalidPriceBook(errors=errors[:100])
    return found
