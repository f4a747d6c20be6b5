"""Carry a step of a saga in another process: write down what it wants, ask the provider, book what that says.

Two transactions and a question between them, as where the saga's own process does all three; whoever dies in between
has it asked again under the same key. Nothing but the key and the payer's row keeps questions in order that a network
may double, delay or turn around: who was called off is not authorized any more, whatever comes late.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.payments._domain.payment import Status
from tradewind.contexts.payments._store import payers, payments
from tradewind.contexts.payments.peer import Payments
from tradewind.contexts.payments.refund_payment.sources import NoSuchPayment
from tradewind.contracts.messages import Command
from tradewind.contracts.outcomes import Outcome, Refused
from tradewind.contracts.payments import Charge, Wish
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint, planted
from tradewind.runtime.handlers import Asking, handler, outside
from tradewind.runtime.saga.definition import Task

CALLED_OFF: Final = Refused("it was called off")
_PAYMENTS: Final = Payments()


class Kind(StrEnum):
    """What is asked for."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    CANCEL = "cancel"


class CarryStep(Command, frozen=True):
    """Authorize `charge`, or capture or cancel what was charged before, for a payer, under a key of theirs."""

    kind: Kind
    payer_id: UUID
    key: str
    charge: Charge | None = None


class OpenStep(Command, frozen=True):
    """Write down what is wanted: the wish to send, or what it comes to where there is nothing to ask."""

    step: CarryStep


class BookStep(Command, frozen=True):
    """Book what the provider said to the wish of a step."""

    step: CarryStep
    answer: Any


class Opened(Struct, frozen=True):
    """One of both."""

    wish: Wish | None = None
    outcome: Outcome | None = None


@outside(action="payments.carry")
async def carry_step(command: CarryStep, ask: Asking) -> Outcome:
    """Raises Unavailable where the provider gave no answer that settles it, NoSuchPayment for a capture of nothing."""
    opened: Opened = await ask(OpenStep(step=command))
    if opened.wish is None:
        assert opened.outcome is not None, "one of both"
        return opened.outcome
    failpoint("payments.carry.opened")
    answer = await opened.wish.send()
    failpoint("payments.carry.answered")
    outcome: Outcome = await ask(BookStep(step=command, answer=answer))
    failpoint("payments.carry.booked")
    return outcome


@handler(action="payments.carry")
async def open_step(command: OpenStep, tx: Tx) -> Opened:
    """The payer's row is held before their payment: of an authorization and a cancel one waits for the other."""
    step = command.step
    called_off = await payers.hold(tx, step.payer_id, calls_off=step.kind is Kind.CANCEL)
    if called_off and step.kind is not Kind.CANCEL and not planted("called_off_is_forgotten"):
        return Opened(outcome=CALLED_OFF)
    task = _task(step, tx)
    (found,) = await _prepared(tx, step, task)
    if step.kind is Kind.AUTHORIZE and isinstance(found, Refused):
        await payers.hold(tx, step.payer_id, calls_off=True)  # its saga is undone: whatever comes late is refused, too
    return Opened(outcome=found) if isinstance(found, Outcome) else Opened(wish=found)


async def _prepared(tx: Tx, step: CarryStep, task: Task) -> Sequence[Wish | Outcome]:
    if step.kind is Kind.AUTHORIZE:
        assert step.charge is not None, "an authorization is of a charge"
        return await _PAYMENTS.open(tx, [(task, step.charge)])
    if step.kind is Kind.CANCEL:
        return await _PAYMENTS.cancel.prepare(tx, [task])
    if not await payments.lock(tx, [step.payer_id]):
        raise NoSuchPayment(orderId=str(step.payer_id))
    return await _PAYMENTS.capture.prepare(tx, [task])


@handler(action="payments.carry")
async def book_step(command: BookStep, tx: Tx) -> Outcome:
    """What was called off while the provider was asked stays as it is: whoever called it off has asked after us."""
    step = command.step
    await payers.hold(tx, step.payer_id)
    if step.kind is not Kind.CANCEL and await _is_over(tx, step.payer_id):
        return CALLED_OFF
    operation = getattr(_PAYMENTS, step.kind.value)
    (outcome,) = await operation.record(tx, [(_task(step, tx), command.answer)])
    return outcome  # type: ignore[no-any-return]  # an Operation is told by its name


async def _is_over(tx: Tx, payer_id: UUID) -> bool:
    payment = (await payments.lock(tx, [payer_id])).get(payer_id)
    return payment is not None and payment.status in (Status.VOIDED, Status.REFUNDED)


def _task(step: CarryStep, tx: Tx) -> Task:
    return Task(saga_id=step.payer_id, effect_key=step.key, call=tx.call)
