"""Where customers' orders lie a second time, in the order in which they are looked for: one wide row a customer.

The orders' own rows stay what counts. Who keeps no such lists answers None, and who keeps them and is away, or far
behind, raises `OrderListsAway`: either way the caller looks into its own rows, and finds the same under the same keys.

- **Writing.** Each change says its place in the log; of what is told about one thing the greatest place counts. So
  changes may come twice, late and in any sequence. `put` has everything, durably, before it notes how far it came; one
  that raised may be there in part, and is to be repeated.
- **Owners.** An order lies in its last owner's list and in no other; it never goes back to an owner that it left.
- **Reading.** A list is complete up to `progress.MAX_BEHIND_S` ago, or is refused.
- **Money** is whole minor units, **time** exact to the microsecond.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import Unavailable
from tradewind.ports.progress import Reached


class OrderListsAway(Unavailable):
    """The lists cannot be asked or written right now, or are too far behind."""


class Change(Struct, frozen=True):
    """What the event at `place` says of an order; None where it says nothing. The opening one says all but `held`.

    `held`: that its goods are, whatever was told before or after.
    """

    order_id: UUID
    place: int
    user_id: str | None = None
    placed_at: datetime | None = None
    status: str | None = None
    total_minor: int | None = None
    currency: str | None = None
    held: bool | None = None


class Listed(Struct, frozen=True):
    """An order in a list: its last status, and whether its goods were said to be held."""

    order_id: UUID
    placed_at: datetime
    status: str
    total_minor: int
    currency: str
    held: bool = False


class OrderLists(Protocol):
    """Everything that orders asks of the lists."""

    async def reached(self) -> Reached | None:
        """How far they are, nought where nothing is there; None where none are kept. Raises OrderListsAway."""
        ...

    async def put(self, changes: Sequence[Change], upto: Reached, *, is_all: bool) -> None:
        """Let these show; then they are as far as `upto`, and up to date if that `is_all`. Raises OrderListsAway."""
        ...

    async def newest(self, user_id: str, before: tuple[datetime, UUID], many: int) -> Sequence[Listed] | None:
        """At most so many orders of a customer, newest first, equals by id. None, or raises, as said above."""
        ...

    async def clear(self) -> None:
        """Forget everything, how far they were as well; what follows is put anew. Raises OrderListsAway."""
        ...
