"""A provider told that a refund failed which it had accepted: the saga asks what became of it, and books that.

The notice is a hint, as all are. What never went back is ours still: the payment says so, the refund is REFUSED and may
be asked for once more, and the auditor names it until somebody has. What undid an order is named by the order.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.payments._domain.payment import Payment, Status
from tradewind.contexts.payments._domain.settings import LOOK_AGAIN_S
from tradewind.contexts.payments._store import payments, prepaid
from tradewind.contexts.payments.doubt_capture.saga import ATTEMPTS, FIND, WITHIN, ask, give_up, prepare
from tradewind.contracts.outcomes import Done, Outcome, Waiting
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Declined
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task
from tradewind.runtime.telemetry.logs import log

DOUBT: Final = """
    INSERT INTO payments.doubt (id, order_id, key, refund_id)
    SELECT u.id, coalesce(r.charge_id, r.order_id, p.order_id), u.key, r.id
    FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[]) AS u (id, key, saga_id, part_id)
    LEFT JOIN payments.refund AS r ON r.id = u.saga_id
    LEFT JOIN payments.payments AS p ON r.id IS NULL AND (p.order_id = u.part_id OR p.id = u.saga_id)
    WHERE r.id IS NOT NULL OR p.order_id IS NOT NULL
    ON CONFLICT (key) DO NOTHING RETURNING id
"""
REFUNDS: Final = "SELECT * FROM payments.refund WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
FAIL: Final = """
    UPDATE payments.refund SET status = 'REFUSED', why = $2, failed_at = now() WHERE id = $1 AND status = 'DONE'
"""
BY_REFUNDS: Final = """
    SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments.refund
    WHERE coalesce(charge_id, order_id) = $1 AND credited_to IS NULL AND status = 'DONE'
"""
UNDER_WAY: Final = frozenset((Status.INITIATED, Status.REQUIRES_ACTION, Status.AUTHORIZED, Status.CAPTURED))
"""Where what undid an order may not have been booked yet."""


async def doubt(tx: Tx, refunds: Mapping[str, UUID]) -> None:
    """Begin to find out about refunds, by their keys, each with the saga that asked for it; once for each key."""
    keys = sorted(refunds)
    asked = [new_id() for _ in keys], keys, [refunds[key] for key in keys], [_part(key, refunds[key]) for key in keys]
    ids = [row["id"] for row in await tx.all(DOUBT, *asked)]
    sagas.begin(tx, DOUBT_REFUND, ids, [tx.call] * len(ids))


def _part(key: str, saga_id: UUID) -> UUID:
    """The payment that was undone: the key names a part of an order, or begins with the order itself."""
    try:
        return UUID(key.removesuffix("/refund").rpartition("/")[2])
    except ValueError:
        return saga_id


async def record(tx: Tx, answered: Sequence[tuple[Task, Any]]) -> Sequence[Outcome]:
    """Book what never went back. What is not booked as refunded yet is waited for: its own saga may hear the refusal.

    As whoever books refunds does, it locks the refunds first, and then the payments.
    """
    doubts = {row["id"]: row for row in await tx.all(FIND, [task.saga_id for task, _ in answered])}
    refunds = {row["id"]: row for row in await tx.all(REFUNDS, [row["refund_id"] for row in doubts.values()])}
    concerned = {row["order_id"] for row in doubts.values()} | {row["order_id"] for row in refunds.values()}
    paid = await payments.lock(tx, concerned)
    before = dict(paid)
    outcomes: list[Outcome] = []
    for task, answer in answered:
        of = doubts[task.saga_id]
        if not isinstance(answer, Declined):
            outcomes.append(Done())
        elif of["refund_id"]:
            outcomes.append(await _refund(tx, refunds[of["refund_id"]], paid, answer, task))
        else:
            outcomes.append(await _undone(tx, of["order_id"], paid, answer, task))
    if not planted("failed_refund_kept"):
        payments.save(tx, [one for order_id, one in paid.items() if one is not before[order_id]])
    return outcomes


async def _refund(tx: Tx, refund: Any, paid: dict[UUID, Payment], said: Declined, task: Task) -> Outcome:
    """A refund of its own. By a credit, what the charge gave for the order is lent again."""
    if refund["status"] == "PENDING":
        return Waiting(LOOK_AGAIN_S)
    if not await tx.run(FAIL, refund["id"], _why(said)):
        return Done()
    order_id, charge_id, minor = refund["order_id"], refund["charge_id"], refund["amount_minor"]
    if charge_id:
        await prepaid.spend(tx, order_id, charge_id, -minor)
        paid[charge_id] = replace(paid[charge_id], elsewhere=paid[charge_id].elsewhere + minor)
    if order_id in paid and paid[order_id].refunded >= minor:
        of = refund["part_of"] or refund["id"]
        _fail(tx, paid, order_id, minor, said, task, of, elsewhere=minor if charge_id else 0)
    return Done()


async def _undone(tx: Tx, order_id: UUID, paid: dict[UUID, Payment], said: Declined, task: Task) -> Outcome:
    """The whole of what was left: what went back to its card, and by no refund of its own."""
    payment = paid[order_id]
    if payment.status in UNDER_WAY:
        return Waiting(LOOK_AGAIN_S)
    minor = payment.refunded - payment.elsewhere - await tx.value(BY_REFUNDS, order_id)
    if payment.status is Status.REFUNDED and minor > 0:
        _fail(tx, paid, order_id, minor, said, task)
    return Done()


def _fail(
    tx: Tx, paid: dict[UUID, Payment], order_id: UUID, minor: int, said: Declined, task: Task,
    refund_id: UUID | None = None, *, elsewhere: int = 0,
) -> None:  # fmt: skip
    amount = Money(minor, paid[order_id].amount.currency)
    paid[order_id], event = paid[order_id].fail_refund(amount, _why(said), refund_id, elsewhere=elsewhere)
    tx.tell(event, call=task.call)
    log.error("refund failed", order=str(event.order_id), amount=str(amount), reason=said.reason)


def _why(said: Declined) -> str:
    return said.reason or said.code


DOUBT_REFUND: Final = Saga(
    name="doubt_refund",
    version=1,
    steps=(Step(name="find_out", do=Remote(prepare, ask, record), within=WITHIN, attempts=ATTEMPTS),),
    pivot="find_out",
    end=Local(give_up),
)
