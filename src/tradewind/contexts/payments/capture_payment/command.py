"""Say how much of a held payment is to be captured; the order's saga takes it, and the rest is let go."""

from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.payments._domain.payment import Payment, Status
from tradewind.contexts.payments._store import payments
from tradewind.contexts.payments.refund_payment.command import NoSuchPayment
from tradewind.contracts.messages import Command
from tradewind.contracts.payers import PayersPeer
from tradewind.kernel.errors import Conflict
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

DUE: Final = "UPDATE payments.payments SET to_capture_minor = $2, changed_at = now() WHERE order_id = $1"


class NotCapturable(Conflict):
    """The payment is not held to be captured by hand, or somebody has said otherwise already."""


class CaptureTooLarge(Conflict):
    """More than is held, or nothing at all."""


class CapturePayment(Command, frozen=True):
    """Capture `amount` of what is held for an order, all of it where none is said. It is captured once."""

    order_id: UUID
    amount: Decimal | None = None


class CaptureView(Struct, frozen=True, rename="camel"):
    """A capture on its way. `let_go` is what is held beside it and will not be captured."""

    order_id: UUID
    amount: Decimal
    let_go: Decimal
    currency: str


@handler(action="payments.capture")
async def capture_payment(command: CapturePayment, tx: Tx) -> CaptureView:
    """Whoever pays is held before the payment, as their worker does: the saga's row, or payments' own where that is in
    another database. The same amount again changes nothing.
    """
    undoing = await tx.peer(PayersPeer).hold(tx, [command.order_id])
    payment = (await payments.lock(tx, [command.order_id])).get(command.order_id)
    if payment is None or command.order_id not in undoing:
        raise NoSuchPayment(orderId=str(command.order_id))
    due = _due(payment, command.amount)
    if payment.to_capture != due.minor:
        if payment.to_capture is not None or payment.status is not Status.AUTHORIZED or undoing[payment.order_id]:
            raise NotCapturable(status=payment.status.value)
        await ask_for(tx, payment.order_id, due.minor)
        tx.audit("payments.capture", str(payment.order_id), amount_minor=due.minor)
    return CaptureView(payment.order_id, due.amount, (payment.amount - due).amount, due.currency)


def _due(payment: Payment, amount: Decimal | None) -> Money:
    if not payment.by_hand:
        raise NotCapturable("This payment is captured by itself.", status=payment.status.value)
    due = payment.amount if amount is None else Money.parse(amount, payment.amount.currency)
    if not 0 < due.minor <= payment.amount.minor:
        raise CaptureTooLarge(f"At most {payment.amount} can be captured.", held=str(payment.amount.amount))
    return due


async def ask_for(tx: Tx, order_id: UUID, minor: int) -> None:
    """Have the order's saga, which is held as a payer, capture so much."""
    await tx.run(DUE, order_id, minor)
    await tx.peer(PayersPeer).wake(tx, order_id)
    tx.ring()
