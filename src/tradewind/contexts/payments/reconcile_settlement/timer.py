"""Every day that is over is reconciled; a difference is told once, however often it is found. Agreement writes nothing."""

from datetime import date, timedelta
from typing import Any, Final

from tradewind.contexts.payments.reconcile_settlement.comparing import Difference
from tradewind.contexts.payments.reconcile_settlement.query import reconcile
from tradewind.contracts.payments import SettlementDiffered
from tradewind.kernel.clock import now
from tradewind.ports.settlements import SettlementReports
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

LOOK_EVERY_S: Final = 900.0
GRACE: Final = timedelta(hours=1)
"""How long after midnight (UTC) the day before is given for what was asked for late."""
NOTE: Final = """
    INSERT INTO payments.settlement_difference (reference, operation, kind, theirs, ours, currency, provider)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""


class LastReconciled:
    """The last day that this process has reconciled."""

    def __init__(self) -> None:
        self.day: date | None = None


async def reconcile_yesterday(db: Database) -> int:
    """Reconcile the day that ended last, once in each process. Raises Unavailable, and is tried again."""
    reports: Any = db.peers[SettlementReports]
    last: Any = db.peers[LastReconciled]
    day = (now() - GRACE).date() - timedelta(days=1)
    if last.day == day or not reports.providers:
        return 0
    found = await reconcile(db, reports, day)
    metrics.payment_settlement_differences.set(len(found.differences))
    if found.differences:
        await _tell(db, found.differences)
        log.error("settlement differs", day=day.isoformat(), differences=len(found.differences), matched=found.matched)
    last.day = day
    return 0


async def _tell(db: Database, differences: list[Difference]) -> None:
    async with db.transaction(internal_call("payments.reconcile")) as tx:
        for one in differences:
            facts = (one.reference, one.operation, one.kind.value, one.theirs, one.ours, one.currency, one.provider)
            if await tx.run(NOTE, *facts):
                tx.tell(SettlementDiffered(
                    reference=one.reference, provider=one.provider, kind=one.kind.value, operation=one.operation,
                    currency=one.currency, theirs=one.theirs, ours=one.ours,
                ))  # fmt: skip


RECONCILE: Final = Timer("payments.reconcile", LOOK_EVERY_S, reconcile_yesterday, apart=True)
