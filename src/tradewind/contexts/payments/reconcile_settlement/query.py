"""Reconcile: read the reports, then our books, and look once more at what differs before it is called a difference.

The reports are read first, so our books may know more by then; and what we have asked for and not booked yet is in
flight, as is what a report cannot know yet. So an order is only named when it still differs at a second look, and
nothing of it is moving.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.payments.reconcile_settlement.comparing import Booked, Difference, by_reference, compare
from tradewind.kernel.clock import sleep
from tradewind.ports.settlements import Settlement, SettlementReports
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database

SECOND_LOOK_S: Final = 2.0
"""How long what differs is let alone before it is looked at again."""
OURS: Final = """
    SELECT p.order_id, p.currency, greatest(p.captured_minor - p.prepaid_minor, 0) AS captured_minor,
           p.refunded_minor - p.elsewhere_minor AS refunded_minor,
           $2::timestamptz IS NOT NULL AND p.changed_at >= $2
           OR p.status NOT IN ('CAPTURED', 'REFUNDED', 'VOIDED', 'FAILED') OR EXISTS (
               SELECT FROM payments.refund AS r
               WHERE coalesce(r.charge_id, r.order_id) = p.order_id AND r.status = 'PENDING') AS moving
    FROM payments.payments AS p WHERE p.order_id = ANY($1::uuid[])
"""
TAKEN: Final = """
    SELECT order_id FROM payments.payments WHERE captured_minor > prepaid_minor
       AND ($1::timestamptz IS NULL OR changed_at >= $1 AND changed_at < $2)
"""


class Reconciled(Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of it. `matched` and `in_flight` count orders; without a `day` all that ever moved was compared."""

    provider: str
    matched: int
    differences: list[Difference]
    in_flight: int = 0
    day: date | None = None

    @property
    def ok(self) -> bool:
        """Whether both sides agree."""
        return not self.differences


async def reconcile(db: Database, reports: SettlementReports, day: date | None) -> Reconciled:
    """Compare the orders for which money moved on `day`, on either side. Raises Unavailable."""
    said = by_reference([one async for page in reports.of(day) for one in page])
    taken = await _taken(db, day)
    until = await reports.until()
    ours = await _ours(db, {*said, *taken}, until)
    for reference in taken - said.keys():  # settled on another day, or not at all
        said[reference] = list(await reports.of_order(reference))
    suspects = [reference for reference, theirs in said.items() if compare(theirs, ours.get(reference))]
    differences, in_flight = await _look_again(db, reports, suspects) if suspects else ([], 0)
    return Reconciled(
        provider=", ".join(reports.providers),
        matched=len(said) - len({one.reference for one in differences}) - in_flight,
        differences=differences,
        in_flight=in_flight,
        day=day,
    )


async def _look_again(
    db: Database, reports: SettlementReports, suspects: Sequence[str]
) -> tuple[list[Difference], int]:
    await sleep(SECOND_LOOK_S)
    theirs: dict[str, Sequence[Settlement]] = {one: await reports.of_order(one) for one in suspects}
    ours = await _ours(db, suspects, await reports.until())
    differences: list[Difference] = []
    in_flight = 0
    for reference in suspects:
        booked = ours.get(reference)
        found = compare(theirs[reference], booked)
        if found and booked is not None and booked.moving:
            in_flight += 1
        else:
            differences += found
    return differences, in_flight


async def _taken(db: Database, day: date | None) -> set[str]:
    """The orders of which our books moved on that day; for all, those of which they ever did."""
    begin = None if day is None else datetime.combine(day, time.min, UTC)
    end = None if begin is None else begin + timedelta(days=1)
    async with db.reading(internal_call("payments.reconcile")) as tx:
        return {str(row["order_id"]) for row in await tx.all(TAKEN, begin, end)}


async def _ours(db: Database, references: Iterable[str], until: datetime | None) -> Mapping[str, Booked]:
    ids = [order_id for one in references if (order_id := _order_id(one)) is not None]
    async with db.reading(internal_call("payments.reconcile")) as tx:
        return {str(row["order_id"]): _booked(row) for row in await tx.all(OURS, ids, until)}


def _booked(row: Any) -> Booked:
    return Booked(
        reference=str(row["order_id"]),
        currency=row["currency"],
        captured_minor=row["captured_minor"],
        refunded_minor=row["refunded_minor"],
        moving=row["moving"],
    )


def _order_id(reference: str) -> UUID | None:
    """A provider may know references that are no orders of ours."""
    try:
        found = UUID(reference)
    except ValueError:
        return None
    return found if str(found) == reference else None
