"""Stock of one SKU, wherever it lies: what can be promised, which marks it crosses, how it may be adjusted. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contracts.inventory import MAIN, Level, LowStockDetected, OutOfStock
from tradewind.kernel.errors import Conflict, Invalid, NotFound

MAX_DELTA: Final = 1_000_000
"""More than any lorry brings; a slip of the finger is refused."""
MAX_ON_HAND: Final = 1_000_000_000
MAX_REASON: Final = 200
MAX_SKU: Final = 64
SKU: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


class InvalidAdjustment(Invalid):
    """The adjustment breaks a rule. `errors` names each."""


class NoSuchStock(NotFound):
    """No product carries this SKU."""


class BelowReserved(Conflict):
    """So many are promised to buyers that they cannot be taken away."""


class Shelf(Struct, frozen=True):
    """One SKU in one warehouse: `on_hand` lie there, `reserved` of these are promised."""

    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        """What can still be promised from here."""
        return self.on_hand - self.reserved


EMPTY: Final = Shelf(0, 0)


class Terms(Struct, frozen=True, kw_only=True):
    """How a SKU may be waited for: by `limit` pieces more than there are. `waiting` are wanted by its queue.

    `unreleased`: nobody gets any before `releases_at`. An order that waits does so for `patience_days` from then on.
    """

    waiting: int = 0
    limit: int = 0
    patience_days: int = 30
    releases_at: datetime | None = None
    unreleased: bool = False


class Stock(Struct, frozen=True, kw_only=True):
    """One SKU: `on_hand` lie in all warehouses together, `reserved` of these are promised; `shelves` tells of each."""

    sku: str
    product_id: UUID
    on_hand: int
    reserved: int
    low_threshold: int
    shelves: Mapping[str, Shelf]
    terms: Terms = Terms()
    version: int = 0

    @property
    def available(self) -> int:
        """What is promised to nobody."""
        return self.on_hand - self.reserved

    @property
    def shelved(self) -> Mapping[str, int]:
        """Warehouse to what is promised to nobody there."""
        return {place: shelf.available for place, shelf in self.shelves.items()}

    @property
    def offered(self) -> Mapping[str, int]:
        """Warehouse to what whoever comes now may have from there: nothing of what the queue wants, or before release.

        What is waited for is kept back where it comes first by name; it is anybody's guess from where it will go.
        """
        left = self.available if self.terms.unreleased else self.terms.waiting
        if left <= 0:
            return self.shelved
        offered = {}
        for place, shelf in sorted(self.shelves.items()):
            kept_back = min(left, max(0, shelf.available))
            offered[place] = shelf.available - kept_back
            left -= kept_back
        return offered

    @property
    def orderable(self) -> int:
        """How many may be ordered now, whether they are there or have to be waited for."""
        return self.available - self.terms.waiting + self.terms.limit

    def level(self, taken: int = 0, *, moved: bool = True) -> Level:
        """What is told of it where it is moved once (or not at all), and `taken` more are promised by that."""
        return Level(self.sku, self.version + moved, self.on_hand, self.reserved + taken)

    def adjusted(self, delta: int, warehouse: str = MAIN) -> "Stock":
        """The stock after so many came or went there; refuses BelowReserved, InvalidAdjustment if it gets absurd."""
        shelf = self.shelves.get(warehouse, EMPTY)
        if self.on_hand + delta > MAX_ON_HAND:
            detail = f"No SKU has more than {MAX_ON_HAND} pieces."
            raise InvalidAdjustment(detail, errors=[{"pointer": "/delta", "detail": detail}])
        if shelf.on_hand + delta < shelf.reserved:
            facts = {"on_hand": shelf.on_hand, "reserved": shelf.reserved, "delta": delta, "warehouse": warehouse}
            detail = f"{self.sku}: {shelf.on_hand} on hand, {shelf.reserved} of them reserved; {-delta} cannot go."
            raise BelowReserved(detail, sku=self.sku, **facts)
        shelves = {**self.shelves, warehouse: Shelf(shelf.on_hand + delta, shelf.reserved)}
        return replace(self, on_hand=self.on_hand + delta, shelves=shelves)

    def taken_from(self, pieces: int, first: str = MAIN) -> dict[str, int]:
        """Where so many pieces can be taken from: `first`, then the main warehouse, asked for the rest too."""
        left, taken = pieces, dict[str, int]()
        for place in sorted(self.shelves, key=lambda code: (code != first, code != MAIN, code)):
            here = min(left, max(0, self.shelves[place].available))
            if here:
                taken[place] = here
                left -= here
        return {**taken, MAIN: taken.get(MAIN, 0) + left} if left else taken

    def crossed(self, taken: int) -> tuple[LowStockDetected | OutOfStock, ...]:
        """What is to be told when `taken` fewer can be promised: each mark once, when it is crossed downwards."""
        before, after = self.available, self.available - taken
        low: tuple[LowStockDetected | OutOfStock, ...] = ()
        if after <= self.low_threshold < before:
            low = (LowStockDetected(product_id=self.product_id, sku=self.sku, available=after),)
        return (*low, OutOfStock(product_id=self.product_id, sku=self.sku)) if after <= 0 < before else low


def check(sku: str, delta: int, reason: str) -> None:
    """Refuse (InvalidAdjustment) what says nothing, or says too much."""
    errors = []
    if not re.fullmatch(SKU, sku):
        errors.append({"pointer": "/sku", "detail": "This is no SKU."})
    if delta == 0 or abs(delta) > MAX_DELTA:
        errors.append({"pointer": "/delta", "detail": f"Expected a whole number up to {MAX_DELTA}, but not zero."})
    if not 1 <= len(reason) <= MAX_REASON or not reason.isprintable() or not reason.strip():
        errors.append({"pointer": "/reason", "detail": f"Expected 1 to {MAX_REASON} printable characters."})
    if errors:
        raise InvalidAdjustment(errors=errors)
