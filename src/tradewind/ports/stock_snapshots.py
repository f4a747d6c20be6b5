"""Where it is told a second time what there is of each SKU, for whoever reads much of it: a wide row of many SKUs.

Inventory's own rows stay what counts. Who keeps no such snapshot answers None, and who keeps one and is away, or far
behind, raises `StockSnapshotAway`: either way the caller looks into its own rows, and finds the same in the same order.

- **Writing.** Of the words about one SKU the one with the greatest version counts, so they may come twice, late and in
  any sequence. `put` has everything, durably, before it notes how far it came; one that raised may be there in part,
  and is to be repeated.
- **Reading.** In the order of the SKUs' characters; complete up to `progress.MAX_BEHIND_S` ago, or refused.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import Unavailable
from tradewind.ports.progress import Reached


class StockSnapshotAway(Unavailable):
    """The snapshot cannot be asked or written right now, or is too far behind."""


class Standing(Struct, frozen=True):
    """What there is of one SKU in all warehouses, as of its `version`; of a bundle, how many can be put together.

    `product_id` is None where this word does not say it, and another may.
    """

    sku: str
    version: int
    on_hand: int
    reserved: int
    product_id: UUID | None = None


class StockSnapshot(Protocol):
    """Everything that inventory asks of the snapshot."""

    async def reached(self) -> Reached | None:
        """How far it is, NOWHERE where nothing is there; None where none is kept. Raises StockSnapshotAway."""
        ...

    async def put(self, changes: Sequence[Standing], upto: Reached, *, is_all: bool) -> None:
        """Let these count; then it is as far as `upto`, and up to date if that `is_all`. Raises StockSnapshotAway."""
        ...

    async def of(self, skus: Sequence[str]) -> Sequence[Standing] | None:
        """Those of these SKUs that were told of. None, or raises, as said above."""
        ...

    async def after(self, sku: str, many: int) -> Sequence[Standing] | None:
        """At most so many behind `sku`. None, or raises, as said above."""
        ...

    async def clear(self) -> None:
        """Forget everything, how far it was as well; what follows is put anew. Raises StockSnapshotAway."""
        ...
