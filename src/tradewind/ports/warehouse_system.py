"""Whoever picks and packs for the shop by itself (WMS): hand it a fulfilment order, hear back what was picked.

What every adapter promises, and every caller may lean on:

- **Idempotent by key.** The same order with the same key is picked once. The same key with another raises `KeyReused`.
- **Never a guess.** Whatever hides the answer raises `Unavailable`; ask again with the same key.
- **A cancellation is final, whatever comes late.** One that was not seen leaves a tombstone.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from tradewind.kernel.errors import Conflict


class FulfillmentOrder(Struct, frozen=True, kw_only=True):
    """What is to be picked: SKU to pieces. Nobody's name or address: labels come from the shop."""

    reference: str
    lines: Mapping[str, int]


class Taken(Struct, frozen=True):
    """It will be picked."""


class NotTaken(Struct, frozen=True, kw_only=True):
    """It will not, for good. `reason` is for people."""

    reason: str


class PackedBox(Struct, frozen=True, kw_only=True, rename="camel"):
    """A parcel that was packed. Grams and millimetres."""

    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int


class Picked(Struct, frozen=True, kw_only=True):
    """What was found of each SKU, and what it was packed into."""

    lines: Mapping[str, int]
    boxes: Sequence[PackedBox]


class KeyReused(Conflict):
    """The warehouse's system knows this key with another order."""


class WarehouseSystem(Protocol):
    """All raise `Unavailable` when the outcome is unknown."""

    async def send(self, order: FulfillmentOrder, key: str) -> Taken | NotTaken:
        """Have it picked."""
        ...

    async def cancel(self, key: str) -> bool:
        """Have it picked no more; True also where it was never seen, False once it is picked."""
        ...

    async def picked(self, key: str) -> Picked | None:
        """What was picked; None as long as nothing is known."""
        ...
