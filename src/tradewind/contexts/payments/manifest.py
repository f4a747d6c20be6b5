"""What payments is made of."""

from pathlib import Path

from tradewind.contexts.payments._fallback.provider import FallbackProvider
from tradewind.contexts.payments._fallback.routes import StoredRoutes
from tradewind.contexts.payments._projections.sold import sold
from tradewind.contexts.payments._store.payers import KnownPayers
from tradewind.contexts.payments._store.sold import Heard
from tradewind.contexts.payments._subscribers.on_order_cancelled import on_order_cancelled
from tradewind.contexts.payments._subscribers.on_shipment_dispatched import on_shipment_dispatched
from tradewind.contexts.payments.attend_payer.command import hear_buyer, see_hold
from tradewind.contexts.payments.capture_payment import rest as capture_rest
from tradewind.contexts.payments.capture_payment.command import capture_payment
from tradewind.contexts.payments.carry_step.command import book_step, carry_step, open_step
from tradewind.contexts.payments.claim_refund.command import (
    ask_refund_again,
    claim_refund,
    hold_refund,
    let_go_refund,
    see_refund,
    send_refund,
)
from tradewind.contexts.payments.doubt_capture.saga import DOUBT_CAPTURE
from tradewind.contexts.payments.doubt_refund.saga import DOUBT_REFUND
from tradewind.contexts.payments.forget_person.command import forget_person, see_given_back, show_person
from tradewind.contexts.payments.get_payment import rest as get_rest
from tradewind.contexts.payments.get_payment.query import get_payment
from tradewind.contexts.payments.let_go.saga import LET_GO
from tradewind.contexts.payments.list_methods import rest as list_methods_rest
from tradewind.contexts.payments.list_methods.query import list_methods
from tradewind.contexts.payments.peer import Payments
from tradewind.contexts.payments.personal_data import PaymentData
from tradewind.contexts.payments.reconcile_settlement.query import Reconciled, reconcile
from tradewind.contexts.payments.reconcile_settlement.timer import RECONCILE, LastReconciled
from tradewind.contexts.payments.refund_payment import rest as refund_rest
from tradewind.contexts.payments.refund_payment.claim import Refunds
from tradewind.contexts.payments.refund_payment.command import REFUND_PAYMENT, RefundPayment, refund_payment
from tradewind.contexts.payments.remove_method import rest as remove_method_rest
from tradewind.contexts.payments.remove_method.command import remove_method
from tradewind.contexts.payments.save_method import rest as save_method_rest
from tradewind.contexts.payments.save_method.command import save_method
from tradewind.contexts.payments.take_notice import rest as take_notice_rest
from tradewind.contexts.payments.take_notice.command import FORGET_NOTICES, take_notice
from tradewind.contracts.orders import HeardPeer
from tradewind.contracts.payers import KnownPayersPeer, Paying, PaymentsHere
from tradewind.contracts.payments import PaymentsPeer, Refunding, RefundsPeer
from tradewind.contracts.privacy import Persons, PersonsPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "FallbackProvider", "Reconciled", "RefundPayment", "StoredRoutes", "reconcile"]

_payments = Payments()
_data = PaymentData()
MANIFEST = Manifest(
    name="payments",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        refund_payment,
        get_payment,
        capture_payment,
        take_notice,
        save_method,
        list_methods,
        remove_method,
        carry_step,
        open_step,
        book_step,
        claim_refund,
        hold_refund,
        send_refund,
        let_go_refund,
        ask_refund_again,
        see_refund,
        see_hold,
        hear_buyer,
        see_given_back,
        show_person,
        forget_person,
    ),
    routes=(
        refund_rest.refund_payment,
        get_rest.get_payment,
        capture_rest.capture_payment,
        take_notice_rest.take_notice,
        save_method_rest.save_method,
        list_methods_rest.list_methods,
        remove_method_rest.remove_method,
    ),
    remote=(
        "tradewind.contexts.payments.carry_step.grpc",
        "tradewind.contexts.payments.claim_refund.grpc",
        "tradewind.contexts.payments.attend_payer.grpc",
        "tradewind.contexts.payments.forget_person.grpc",
    ),
    subscribers=(on_order_cancelled, on_shipment_dispatched, sold),
    timers=(FORGET_NOTICES, RECONCILE),
    parts={LastReconciled: LastReconciled},
    sagas=(REFUND_PAYMENT, DOUBT_CAPTURE, DOUBT_REFUND, LET_GO),
    peers={
        PaymentsPeer: _payments,
        PaymentsHere: _payments,
        Paying: Paying(),
        KnownPayersPeer: KnownPayers(),
        RefundsPeer: Refunds(),
        Refunding: Refunding(),
        Persons: Persons(),
        PersonsPeer: _data,
        HeardPeer: Heard(),
    },
    personal_data=_data,
)
