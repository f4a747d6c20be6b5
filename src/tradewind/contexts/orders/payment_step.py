"""What the sagas of orders have payments do, as remote steps."""

from collections.abc import Sequence
from typing import Any

from tradewind.contracts.outcomes import Outcome
from tradewind.contracts.payments import PaymentsPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.saga.definition import Remote, Task


def payment_step(operation: str, **own: Any) -> Remote:
    """A step that payments carries out: `authorize`, `capture` or `cancel`. `own`: what orders does itself instead."""

    async def prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
        return await getattr(tx.peer(PaymentsPeer), operation).prepare(tx, tasks)  # type: ignore[no-any-return]

    async def ask(_task: Task, wish: Any) -> Any:
        return await wish.send()

    async def record(tx: Tx, answered: Sequence[tuple[Task, Any]]) -> Sequence[Outcome]:
        return await getattr(tx.peer(PaymentsPeer), operation).record(tx, answered)  # type: ignore[no-any-return]

    return Remote(**{"prepare": prepare, "ask": ask, "record": record, **own})
