"""What the sagas of orders have payments do, as remote steps."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from tradewind.contracts.outcomes import Outcome
from tradewind.contracts.payments import PaymentsPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.saga.definition import Remote, Task

CAPTURE_WITHIN: Final = timedelta(hours=6)
"""How long nobody may know what became of a capture; then a person has to see to it. A decline is known at once."""
CAPTURE_ATTEMPTS: Final = 1_000
"""So many take that time, at most half a minute apart: past the pivot nothing is given up, so they alone decide."""


def payment_step(operation: str, **own: Any) -> Remote:
    """A step that payments carries out: `authorize`, `capture` or `cancel`. `own`: what orders does itself instead."""

    async def prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
        return await getattr(tx.peer(PaymentsPeer), operation).prepare(tx, tasks)  # type: ignore[no-any-return]

    async def ask(_task: Task, wish: Any) -> Any:
        return await wish.send()

    async def record(tx: Tx, answered: Sequence[tuple[Task, Any]]) -> Sequence[Outcome]:
        return await getattr(tx.peer(PaymentsPeer), operation).record(tx, answered)  # type: ignore[no-any-return]

    return Remote(**{"prepare": prepare, "ask": ask, "record": record, **own})
