"""A provider told that a capture failed which it had accepted: the saga asks what became of it, and books that.

The notice is a hint, as all are. The order stays what it is, for its goods may have gone: staff see the payment as
CAPTURE_FAILED, the goods that are still there are held back, and the auditor names the order until somebody has it
undone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.payments._domain.payment import Status
from tradewind.contexts.payments._domain.settings import LOOK_AGAIN_S
from tradewind.contexts.payments._store import payments
from tradewind.contracts.outcomes import Done, Outcome, Waiting
from tradewind.kernel.ids import new_id
from tradewind.ports.payment_provider import Answer, Declined, PaymentProvider
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task
from tradewind.runtime.telemetry.logs import log

DOUBT: Final = """
    INSERT INTO payments.doubt (id, order_id, key)
    SELECT u.id, u.order_id, u.key FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (id, order_id, key)
    JOIN payments.payments AS p ON p.order_id = u.order_id AND p.authorization_key <> u.key
    ON CONFLICT (key) DO NOTHING RETURNING id
"""
WITHIN: Final = timedelta(hours=12)
"""How long a provider may say nothing; after that the settlement report will."""
ATTEMPTS: Final = 2_000
"""So many take that time, at most half a minute apart."""
FIND: Final = "SELECT * FROM payments.doubt WHERE id = ANY($1::uuid[])"


async def doubt(tx: Tx, captures: Mapping[str, UUID]) -> None:
    """Begin to find out about captures, by their keys, each of an order; once for each key."""
    keys = sorted(captures)
    rows = await tx.all(DOUBT, [new_id() for _ in keys], [captures[key] for key in keys], keys)
    ids = [row["id"] for row in rows]
    sagas.begin(tx, DOUBT_CAPTURE, ids, [tx.call] * len(ids))


@dataclass(frozen=True)
class LookUp:
    """What became of the call with this key."""

    provider: PaymentProvider
    key: str

    async def send(self) -> Answer | None:
        """Ask the provider."""
        return await self.provider.look_up(self.key)


async def prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    """The questions."""
    keys = {row["id"]: row["key"] for row in await tx.all(FIND, [task.saga_id for task in tasks])}
    return [LookUp(tx.peer(PaymentProvider), keys[task.saga_id]) for task in tasks]


async def record(tx: Tx, answered: Sequence[tuple[Task, Any]]) -> Sequence[Outcome]:
    """Book what never came. What is not booked as captured yet is waited for: its own saga may hear the refusal."""
    orders = {row["id"]: row["order_id"] for row in await tx.all(FIND, [task.saga_id for task, _ in answered])}
    found = await payments.lock(tx, set(orders.values()))
    outcomes: list[Outcome] = []
    for task, answer in answered:
        payment = found[orders[task.saga_id]]
        if isinstance(answer, Declined) and payment.status is Status.AUTHORIZED:
            outcomes.append(Waiting(LOOK_AGAIN_S))
            continue
        if isinstance(answer, Declined) and payment.status is Status.CAPTURED:
            found[payment.order_id], event = payment.fail_capture(answer.reason)
            payments.save(tx, [found[payment.order_id]])
            tx.tell(event, call=task.call)
            log.error("capture failed", order=str(payment.order_id), reason=answer.reason)
        outcomes.append(Done())
    return outcomes


async def give_up(_tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """Nobody knows: the settlement report will tell."""
    return [Done()] * len(tasks)


async def ask(_task: Task, wish: LookUp) -> Any:
    """Send the question."""
    return await wish.send()


DOUBT_CAPTURE: Final = Saga(
    name="doubt_capture",
    version=1,
    steps=(Step(name="find_out", do=Remote(prepare, ask, record), within=WITHIN, attempts=ATTEMPTS),),
    pivot="find_out",
    end=Local(give_up),
)
