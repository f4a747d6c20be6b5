"""What became of an order's payment."""

from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.payments._domain.payment import Status
from tradewind.contexts.payments._store import challenges, payments
from tradewind.contexts.payments.refund_payment.command import NoSuchPayment
from tradewind.contracts.messages import Command
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetPayment(Command, frozen=True):
    """See the payment of an order."""

    order_id: UUID


class PaymentView(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was paid for an order, without how: its own payment, whose status this is, and what edits added to it.

    `captureMethod`: `automatic`, or `manual` where it is captured by hand. `nextAction`: where the buyer must prove
    themselves, while the payment waits for that. `prepaid`: so much of `amount` was paid by what came back of another
    order; what came back of this one and pays for another is among `refunded`.
    """

    id: UUID
    order_id: UUID
    status: str
    amount: Decimal
    captured: Decimal
    refunded: Decimal
    currency: str
    why: str | None
    capture_method: str
    next_action: str | None
    prepaid: Decimal = Decimal(0)


@query(action="payments.get")
async def get_payment(command: GetPayment, tx: Tx) -> PaymentView:
    """For staff: buyers see where their order stands."""
    found = [payments.payment_of(row) for row in await tx.all(payments.READ, command.order_id)]
    if not found:
        raise NoSuchPayment(orderId=str(command.order_id))
    payment, currency = found[0], found[0].amount.currency
    kept = [one for one in found if one is payment or one.status not in (Status.FAILED, Status.VOIDED)]
    return PaymentView(
        id=payment.id,
        order_id=payment.order_id,
        status=payment.status.value,
        amount=Money(sum(one.amount.minor for one in kept), currency).amount,
        captured=Money(sum(one.captured for one in found), currency).amount,
        refunded=Money(sum(one.refunded for one in found), currency).amount,
        currency=currency,
        why=payment.why,
        capture_method="manual" if payment.by_hand else "automatic",
        prepaid=Money(sum(one.prepaid for one in found), currency).amount,
        next_action=(await challenges.urls(tx, [payment.order_id])).get(payment.order_id),
    )
