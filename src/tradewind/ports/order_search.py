"""Where staff finds orders: by number, buyer, goods, status, total and time, the newest first, with counts by status.

The orders' own rows stay what counts. Who keeps no such index answers None, and who keeps one and is away, or far
behind, raises `OrderSearchAway`: either way the caller looks into its rows, and finds the same under the same keys.

- **Nobody by name.** An index knows orders, users by id and goods by SKU. Addresses and titles are never given to it:
  whoever asks turns them into ids and SKUs before.
- **Writing.** Of what is told of an order the greatest version counts; so rows may come twice, late and in any
  sequence. `put` has everything, durably, before it notes how far it came, of the index that `reached` was asked of
  last; one that raised may be there in part, and is to be repeated.
- **Reading.** What is found is complete up to `progress.MAX_BEHIND_S` ago, or is refused.
- **Money** is whole minor units, **time** exact to the microsecond.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import Unavailable
from tradewind.ports.progress import Reached

MAX_FOUND: Final = 101
"""Orders that one question is answered with: a page, and one that tells whether another one follows."""
MAX_NAMED: Final = 1_000
"""Orders, users or SKUs that a question names at most."""


class OrderSearchAway(Unavailable):
    """The index cannot be asked or written right now, or is too far behind."""


class Summary(Struct, frozen=True):
    """What is shown of an order that was found."""

    order_id: UUID
    user_id: str
    placed_at: datetime
    status: str
    total_minor: int
    currency: str


class Row(Struct, frozen=True):
    """An order as it is at a version, and of which SKUs it is."""

    version: int
    summary: Summary
    skus: tuple[str, ...]


class Buyers(Struct, frozen=True):
    """Orders of any of these users, and these orders, whoever has them."""

    user_ids: tuple[str, ...] = ()
    order_ids: tuple[UUID, ...] = ()


class Question(Struct, frozen=True, kw_only=True):
    """What must hold at once; None asks for nothing. `skus`, and `statuses` where there are any, are alternatives.

    `ids`: from one to another, both included. `since` is included, `until` is not. At most `many`, MAX_FOUND at most,
    that lie before a key.
    """

    before: tuple[datetime, UUID]
    many: int
    ids: tuple[UUID, UUID] | None = None
    buyers: Buyers | None = None
    skus: tuple[str, ...] | None = None
    statuses: tuple[str, ...] = ()
    currency: str | None = None
    least_minor: int | None = None
    most_minor: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class Found(Struct, frozen=True):
    """The newest first, equals by id. `counts`: orders by status, whatever the question says of status and place.

    `counted_all`: whether those are all of them, or the newest only.
    """

    orders: Sequence[Summary]
    counts: Mapping[str, int]
    counted_all: bool = True


class OrderSearch(Protocol):
    """Everything that is asked of an index of orders."""

    async def reached(self) -> Reached | None:
        """How far it is, NOWHERE where it wants a `rebuild`; None where none is kept. Raises OrderSearchAway."""
        ...

    async def put(self, rows: Sequence[Row], upto: Reached, *, is_all: bool) -> None:
        """Let these be found; then it is as far as `upto`, and up to date if that `is_all`. Raises OrderSearchAway."""
        ...

    async def rebuild(self, rows: AsyncIterator[Sequence[Row]], upto: Reached) -> None:
        """Make another one of all these, as far as `upto`, and change over to it once it is whole.

        Until then the one before answers and may be put into. Nobody else may rebuild meanwhile. Raises
        OrderSearchAway.
        """
        ...

    async def search(self, question: Question) -> Found | None:
        """What is found. None, or raises, as said above."""
        ...
