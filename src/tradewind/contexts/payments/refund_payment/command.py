"""Refund a payment: claim the amount, then let a saga ask the provider until it has answered."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.payments._domain.payment import Payment, Status
from tradewind.contexts.payments._domain.wishes import Refund
from tradewind.contexts.payments._store import payments, prepaid
from tradewind.contexts.payments.refund_payment import goods, sources
from tradewind.contexts.payments.refund_payment.goods import RefundLine
from tradewind.contexts.payments.refund_payment.sources import NoSuchPayment
from tradewind.contracts.messages import Command
from tradewind.contracts.outcomes import Done, Outcome, Refused
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Approved, PaymentProvider
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task

FIND: Final = "SELECT * FROM payments.refund WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
IS_HELD: Final = "SELECT EXISTS (SELECT FROM payments.held_refund WHERE order_id = $1)"
SETTLE: Final = "UPDATE payments.refund SET status = $2, why = $3 WHERE id = $1 AND status = 'PENDING'"


__all__ = ["REFUND_PAYMENT", "NoSuchPayment", "RefundPayment", "RefundTooLarge", "RefundView", "UnfitRefund"]


class RefundTooLarge(Conflict):
    """More than is left of what was captured."""


class MoneyIsHeld(Conflict):
    """An edit of the order is just being made true, and has its money to itself; try again in a minute."""


class UnfitRefund(Invalid):
    """A refund is of an amount or of lines: not of both, and not of neither."""


class RefundPayment(Command, frozen=True):
    """Give `amount` back, or what was paid for `lines`: one of the two. A `refund_id` makes a retry the same refund.

    `currency`, where it is said, is the payment's.
    """

    order_id: UUID
    reason: str
    amount: Decimal | None = None
    currency: str | None = None
    lines: tuple[RefundLine, ...] = ()
    refund_id: UUID | None = None


class RefundView(Struct, frozen=True, rename="camel"):
    """A refund on its way."""

    id: UUID
    order_id: UUID
    status: str
    amount: Decimal
    currency: str


@handler(action="payments.refund")
async def refund_payment(command: RefundPayment, tx: Tx) -> RefundView:
    """Claim the amount under the payment's lock, so that parallel refunds never exceed the capture."""
    purse = await sources.hold(tx, command.order_id)
    if await tx.value(IS_HELD, command.order_id):
        raise MoneyIsHeld
    refund_id = command.refund_id or new_id()
    if known := (await sources.standing(tx, [refund_id])).get(refund_id):
        return RefundView(refund_id, command.order_id, known.status, known.amount.amount, known.amount.currency)
    free = purse.free
    back = await _asked(tx, command, free.currency)
    if back.currency != free.currency or not 0 < back.minor <= free.minor:
        raise RefundTooLarge(f"At most {free} can be refunded.", left=str(free.amount), currency=free.currency)
    ids = await sources.claim(tx, purse.take(back.minor), refund_id, command.reason)
    if command.lines:
        await goods.note(tx, refund_id, command.lines)
    sagas.begin(tx, REFUND_PAYMENT, ids, [tx.call] * len(ids))
    tx.audit("payments.refund", str(command.order_id), refund_id=str(refund_id), amount_minor=back.minor)
    return RefundView(refund_id, command.order_id, "PENDING", back.amount, back.currency)


async def _asked(tx: Tx, command: RefundPayment, currency: str) -> Money:
    if (command.amount is None) == (not command.lines):
        raise UnfitRefund("Say an amount or lines, one of the two.")
    if command.amount is not None:
        return Money.parse(command.amount, command.currency or currency)
    return Money(await goods.price(tx, command.order_id, command.lines), command.currency or currency)


async def prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    """The wishes to send; a refund that was booked before needs none."""
    refunds = {row["id"]: row for row in await tx.all(FIND, [task.saga_id for task in tasks])}
    paid = await payments.lock(tx, _concerned(refunds.values()))
    return [_wish(tx, refunds[task.saga_id], paid, task) for task in tasks]


def _concerned(refunds: Iterable[Any]) -> set[UUID]:
    """The payments that refunds are of, and the charges that they go back to."""
    return {order_id for row in refunds for order_id in (row["order_id"], row["charge_id"]) if order_id}


def _wish(tx: Tx, refund: Any, paid: Any, task: Task) -> Any:
    if refund["status"] != "PENDING":
        return Done()
    payment = paid[refund["charge_id"] or refund["order_id"]]
    provider = tx.peer(PaymentProvider)
    return Refund(
        provider, payment.authorization_key, Money(refund["amount_minor"], payment.amount.currency), task.effect_key
    )


async def record(tx: Tx, answered: Sequence[tuple[Task, Any]]) -> Sequence[Outcome]:
    """Book each refund on its payment. Several may be of one payment, so they are booked one after the other."""
    refunds = {row["id"]: row for row in await tx.all(FIND, [task.saga_id for task, _ in answered])}
    paid = await payments.lock(tx, _concerned(refunds.values()))
    outcomes: list[Outcome] = []
    for task, answer in answered:
        refund = refunds[task.saga_id]
        if refund["status"] != "PENDING":
            outcomes.append(Done())
        elif isinstance(answer, Approved):
            await _book(tx, refund, paid, task)
            await tx.run(SETTLE, task.saga_id, "DONE", None)
            outcomes.append(Done())
        else:
            outcomes.append(Refused(f"refund declined: {answer.code}"))
    payments.save(tx, list(paid.values()))
    return outcomes


async def _book(tx: Tx, refund: Any, paid: dict[UUID, Payment], task: Task) -> None:
    """So much is back; by a credit also on the charge that had paid for the order, whatever became of that order."""
    order_id, charge_id, minor = refund["order_id"], refund["charge_id"], refund["amount_minor"]
    if charge_id:
        await prepaid.spend(tx, order_id, charge_id, minor)
        paid[charge_id] = replace(paid[charge_id], elsewhere=paid[charge_id].elsewhere - minor)
        if order_id not in paid or paid[order_id].status is not Status.CAPTURED:
            return
    payment = paid[order_id]
    amount, of = Money(minor, payment.amount.currency), refund["part_of"] or task.saga_id
    paid[order_id], event = payment.refund(amount, refund["reason"], of, elsewhere=minor if charge_id else 0)
    tx.tell(event, call=task.call)


async def give_up(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """The provider would not: the claim is free again."""
    for task in tasks:
        await tx.run(SETTLE, task.saga_id, "REFUSED", task.why)
    return [Done()] * len(tasks)


async def _ask(_task: Task, wish: Refund) -> Any:
    return await wish.send()


REFUND_PAYMENT = Saga(
    name="refund_payment",
    version=1,
    steps=(Step(name="send_refund", do=Remote(prepare, _ask, record), attempts=20),),
    pivot="send_refund",
    end=Local(give_up),
)
