"""What payments is made of."""

from pathlib import Path

from tradewind.contexts.payments.get_payment import rest as get_rest
from tradewind.contexts.payments.get_payment.query import get_payment
from tradewind.contexts.payments.peer import Payments
from tradewind.contexts.payments.personal_data import PaymentData
from tradewind.contexts.payments.refund_payment import rest as refund_rest
from tradewind.contexts.payments.refund_payment.claim import Refunds
from tradewind.contexts.payments.refund_payment.command import REFUND_PAYMENT, RefundPayment, refund_payment
from tradewind.contracts.payments import PaymentsPeer, RefundsPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "RefundPayment"]

MANIFEST = Manifest(
    name="payments",
    migrations=Path(__file__).parent / "migrations",
    handlers=(refund_payment, get_payment),
    routes=(refund_rest.refund_payment, get_rest.get_payment),
    sagas=(REFUND_PAYMENT,),
    peers={PaymentsPeer: Payments(), RefundsPeer: Refunds()},
    personal_data=PaymentData(),
)
