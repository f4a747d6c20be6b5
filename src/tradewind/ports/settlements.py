"""What payment providers say that they have settled: the money that moved, order by order, to compare books with."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Protocol

from msgspec import Struct


class Settlement(Struct, frozen=True, kw_only=True):
    """All that one provider ever moved for one order in one currency; amounts in minor units.

    `captures` and `refunds` count in how many pieces, so that a charge taken twice shows.
    """

    provider: str
    reference: str
    currency: str
    captured_minor: int
    refunded_minor: int
    captures: int
    refunds: int


class SettlementReports(Protocol):
    """The reports of every provider that payments are taken to. All raise Unavailable when one cannot be read."""

    @property
    def providers(self) -> Sequence[str]:
        """Whose reports these are; none where the provider's report is not read by the shop."""
        ...

    async def until(self) -> datetime | None:
        """Money that moved later may not be reported yet; None where a report tells everything up to now."""
        ...

    def of(self, day: date | None) -> AsyncIterator[Sequence[Settlement]]:
        """Page by page, the orders for which money moved on `day` (UTC), or ever."""
        ...

    async def of_order(self, reference: str) -> Sequence[Settlement]:
        """What every provider says about one order."""
        ...
