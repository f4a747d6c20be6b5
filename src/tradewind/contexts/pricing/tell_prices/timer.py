"""Notices that a time window began or ended, and that a book was published: prices change without anybody acting."""

from typing import Any, Final

from tradewind.contexts.pricing._store import told
from tradewind.contexts.pricing.tell_prices.retelling import retell
from tradewind.kernel import clock
from tradewind.runtime.timers import Timer

EVERY_S: Final = 1.0
BATCH: Final = 500
"""Products looked at in one transaction, at most."""


async def notice(tx: Any) -> int:
    """Tell the prices that have changed; how many products were looked at. Each change is told exactly once."""
    skus = await told.take_due(tx, clock.now(), BATCH)
    if skus:
        await retell(tx, skus)
    return len(skus)


TELL_PRICES: Final = Timer("pricing.tell_prices", EVERY_S, notice)
