"""A payment: what is owed, what is held, what was taken, what went back, and which moves there are. Pure."""

from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contracts.payments import (
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentFailed,
    PaymentInitiated,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentVoided,
)
from tradewind.kernel.lifecycle import Lifecycle
from tradewind.kernel.money import Money

PaymentEvent = (
    PaymentInitiated
    | PaymentActionRequired
    | PaymentAuthorized
    | PaymentCaptured
    | PaymentCaptureFailed
    | PaymentFailed
    | PaymentVoided
    | PaymentRefunded
    | PaymentRefundFailed
)


class Status(StrEnum):
    """Where a payment stands."""

    INITIATED = "INITIATED"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    CAPTURE_FAILED = "CAPTURE_FAILED"
    FAILED = "FAILED"
    VOIDED = "VOIDED"
    REFUNDED = "REFUNDED"


LIFECYCLE = Lifecycle(
    (Status.INITIATED, PaymentActionRequired, Status.REQUIRES_ACTION),
    (Status.REQUIRES_ACTION, PaymentAuthorized, Status.AUTHORIZED),
    (Status.REQUIRES_ACTION, PaymentFailed, Status.FAILED),
    (Status.REQUIRES_ACTION, PaymentVoided, Status.VOIDED),
    (Status.INITIATED, PaymentAuthorized, Status.AUTHORIZED),
    (Status.INITIATED, PaymentFailed, Status.FAILED),
    (Status.INITIATED, PaymentVoided, Status.VOIDED),
    (Status.AUTHORIZED, PaymentCaptured, Status.CAPTURED),
    (Status.AUTHORIZED, PaymentVoided, Status.VOIDED),
    (Status.CAPTURED, PaymentRefunded, Status.REFUNDED),
    (Status.REFUNDED, PaymentRefundFailed, Status.CAPTURED),
    (Status.CAPTURED, PaymentCaptureFailed, Status.CAPTURE_FAILED),
    (Status.CAPTURE_FAILED, PaymentVoided, Status.VOIDED),
)


class Payment(Struct, frozen=True, kw_only=True):
    """One order's payment, or a part's. REFUNDED once nothing of the capture is left; until then refunds only add up.

    What an edit added to an order is a part: its `order_id` is the edit's, `part_of` the order's. `by_hand`: it is held
    until somebody says how much is to be captured (`to_capture`, in minor units). `prepaid`: so much of it was paid by
    what came back of another order; `elsewhere`: so much of what went back did not go to its own card.
    """

    id: UUID
    order_id: UUID
    amount: Money
    method: str
    authorization_key: str
    status: Status = Status.INITIATED
    captured: int = 0
    refunded: int = 0
    provider_id: str | None = None
    why: str | None = None
    by_hand: bool = False
    to_capture: int | None = None
    part_of: UUID | None = None
    prepaid: int = 0
    elsewhere: int = 0

    @property
    def asked(self) -> Money:
        """What a provider is to hold for it."""
        return Money(self.amount.minor - self.prepaid, self.amount.currency)

    @property
    def charge(self) -> Money:
        """What a provider is to take for it."""
        return Money(self.due.minor - self.prepaid, self.amount.currency)

    @property
    def due(self) -> Money:
        """What is to be captured."""
        return self.amount if self.to_capture is None else Money(self.to_capture, self.amount.currency)

    @property
    def left(self) -> Money:
        """What was captured and has not gone back."""
        return Money(self.captured - self.refunded, self.amount.currency)

    def initiate(self) -> PaymentInitiated:
        """Tell that the intent stands."""
        return PaymentInitiated(**self._facts())

    def require_action(self) -> tuple[Self, PaymentActionRequired]:
        """The buyer must prove themselves first."""
        event = PaymentActionRequired(**self._facts())
        return self._moved(event), event

    def authorize(self, provider_id: str) -> tuple[Self, PaymentAuthorized]:
        """The provider holds the money."""
        event = PaymentAuthorized(**self._facts())
        return replace(self._moved(event), provider_id=provider_id), event

    def capture(self) -> tuple[Self, PaymentCaptured]:
        """What was due is ours, and the rest is held no more."""
        rest = Money(self.amount.minor - self.due.minor, self.amount.currency)
        let_go = rest.amount if rest.minor else None
        prepaid = Money(self.prepaid, self.amount.currency).amount if self.prepaid else None
        event = PaymentCaptured(**{**self._facts(), "amount": self.due.amount}, let_go=let_go, prepaid=prepaid)
        return replace(self._moved(event), captured=self.due.minor), event

    def fail_capture(self, reason: str) -> tuple[Self, PaymentCaptureFailed]:
        """What its own card was said to have paid never came, as far as it has not gone back before."""
        kept = max(self.refunded, self.prepaid + self.refunded - self.elsewhere)
        missing = Money(self.captured - kept, self.amount.currency)
        event = PaymentCaptureFailed(**{**self._facts(), "amount": missing.amount}, reason=reason)
        return replace(self._moved(event), captured=kept, why=reason), event

    def fail(self, reason: str) -> tuple[Self, PaymentFailed]:
        """The provider said no."""
        event = PaymentFailed(**self._facts(), reason=reason)
        return replace(self._moved(event), why=reason), event

    def void(self) -> tuple[Self, PaymentVoided]:
        """The hold is gone."""
        event = PaymentVoided(**self._facts())
        return self._moved(event), event

    def refund(
        self,
        amount: Money,
        reason: str,
        refund_id: UUID | None = None,
        *,
        elsewhere: int = 0,
        credited_to: UUID | None = None,
    ) -> tuple[Self, PaymentRefunded]:
        """So much of the capture went back, `elsewhere` of it not to its own card: to another, or to pay an order."""
        assert 0 < amount.minor <= self.left.minor, "a refund never exceeds what is left of the capture"
        facts = {**self._facts(), "amount": amount.amount}
        event = PaymentRefunded(**facts, reason=reason, refund_id=refund_id, credited_to=credited_to)
        after = replace(self, refunded=self.refunded + amount.minor, elsewhere=self.elsewhere + elsewhere)
        return (after._moved(event) if after.left.minor == 0 else after), event

    def fail_refund(
        self, amount: Money, reason: str, refund_id: UUID | None = None, *, elsewhere: int = 0
    ) -> tuple[Self, PaymentRefundFailed]:
        """So much that was said to have gone back never did, `elsewhere` of it not to its own card: we have it."""
        assert 0 < amount.minor <= self.refunded, "only what was given back can fail to come"
        event = PaymentRefundFailed(**{**self._facts(), "amount": amount.amount}, reason=reason, refund_id=refund_id)
        before = replace(self, refunded=self.refunded - amount.minor, elsewhere=self.elsewhere - elsewhere, why=reason)
        return (before._moved(event) if self.status is Status.REFUNDED else before), event

    def _moved(self, event: PaymentEvent) -> Self:
        return replace(self, status=LIFECYCLE.follow(self.status, type(event)))

    def _facts(self) -> dict[str, Any]:
        return {
            "order_id": self.part_of or self.order_id,
            "payment_id": self.id,
            "amount": self.amount.amount,
            "currency": self.amount.currency,
        }
