"""What payments tells, and how the order saga asks for money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Event
from tradewind.contracts.orders import Sold
from tradewind.contracts.outcomes import Outcome, Waiting
from tradewind.kernel.money import Money


class _PaymentEvent(Event, frozen=True):
    """What every payment event says."""

    order_id: UUID
    payment_id: UUID
    amount: Decimal
    currency: str


class PaymentInitiated(_PaymentEvent, frozen=True):
    """An intent stands; the provider has not been asked yet."""

    TYPE = "ecommerce.payment.payment.initiated.v1"


class PaymentActionRequired(_PaymentEvent, frozen=True):
    """The provider asks the buyer to prove themselves first (3-D Secure); nothing is held yet."""

    TYPE = "ecommerce.payment.payment.action_required.v1"


class PaymentAuthorized(_PaymentEvent, frozen=True):
    """The provider holds the money for us."""

    TYPE = "ecommerce.payment.payment.authorized.v1"


class PaymentCaptured(_PaymentEvent, frozen=True):
    """The money is ours: so much of it. `let_go`: what was held beside it and is held no more; none where nothing."""

    TYPE = "ecommerce.payment.payment.captured.v1"
    let_go: Decimal | None = None
    prepaid: Decimal | None = None
    """So much of it was paid by what came back of another order; none where nothing was."""


class PaymentCaptureFailed(_PaymentEvent, frozen=True):
    """The provider had accepted a capture, and tells that so much of it never came: nobody has it."""

    TYPE = "ecommerce.payment.payment.capture_failed.v1"
    reason: str


class PaymentFailed(_PaymentEvent, frozen=True):
    """The provider said no."""

    TYPE = "ecommerce.payment.payment.failed.v1"
    reason: str


class PaymentVoided(_PaymentEvent, frozen=True):
    """The hold is gone; no money moved."""

    TYPE = "ecommerce.payment.payment.voided.v1"


class PaymentRefunded(_PaymentEvent, frozen=True):
    """So much went back."""

    TYPE = "ecommerce.payment.payment.refunded.v1"
    reason: str
    refund_id: UUID | None = None
    """Which refund it was; none where an order was undone, and old logs do not say."""
    credited_to: UUID | None = None
    """The order that it pays for; none where it went back to a card."""


class PaymentRefundFailed(_PaymentEvent, frozen=True):
    """The provider had accepted a refund, and tells that so much of it never went back: the buyer does not have it."""

    TYPE = "ecommerce.payment.payment.refund_failed.v1"
    reason: str
    refund_id: UUID | None = None
    """Which refund it was; none where an order was undone."""


class SettlementDiffered(Event, frozen=True):
    """A provider's settlement report and our books differ about an order: money to be looked after by a person.

    `kind`: missing_here, missing_there, amount_differs, currency_differs or duplicated. `operation`: capture or refund.
    `theirs` and `ours` are what each side says; `currency` is ours where we know the order. Each is told once.
    """

    TYPE = "ecommerce.payment.settlement.differed.v1"
    KEY = "reference"
    reference: str
    provider: str
    kind: str
    operation: str
    currency: str
    theirs: Decimal
    ours: Decimal


class Charge(Struct, frozen=True):
    """What an order owes and how it is to be paid. `method` is the provider's token, never a card number; or it names
    one that `user_id` keeps, or by which another order was paid (payers.SAVED, payers.as_paid): payments has its token.

    `by_hand`: held only, and captured when the goods leave or somebody says so (D5). A part of an order that is paid
    for apart (what an edit added) has an id of its own as `order_id`, and the order's as `part_of`.
    """

    order_id: UUID
    amount: Money
    method: str
    by_hand: bool = False
    part_of: UUID | None = None
    user_id: str | None = None


class Wish(Protocol):
    """A question to the provider, ready to be sent outside any transaction."""

    async def send(self) -> Any:
        """Ask; raises Unavailable where the outcome is unknown."""
        ...


class Operation(Protocol):
    """A remote saga step that payments carries out: prepare in a transaction, send outside, book in a transaction."""

    async def prepare(self, tx: Any, tasks: Sequence[Any]) -> Sequence[Wish | Outcome]:
        """For each task the wish to send, or an outcome where there is nothing to ask."""
        ...

    async def record(self, tx: Any, answered: Sequence[tuple[Any, Any]]) -> Sequence[Outcome]:
        """Book the answers."""
        ...


class PaymentsPeer(Protocol):
    """What the order saga may ask of payments, wherever that is."""

    async def open(self, tx: Any, charges: Sequence[tuple[Any, Charge]]) -> Sequence[Wish | Outcome]:
        """Open an intent per (task, charge), idempotent; the wishes to authorize, or outcomes where settled already."""
        ...

    @property
    def authorize(self) -> Operation:
        """Hold the money. Prepared by `open`."""
        ...

    @property
    def capture(self) -> Operation:
        """Take the money that is held."""
        ...

    @property
    def cancel(self) -> Operation:
        """Let go of what is held; give back what was taken (D6)."""
        ...

    async def authorized(self, tx: Any, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those whose whole amount is held or ours, of orders whose authorization is done."""
        ...


class PaymentsAway(Protocol):
    """Payments in another process, which opens, carries and books each step by itself. Asked outside of transactions.

    The same question under the same key gets the same answer, and moves money once; a payer that was canceled is never
    authorized again, whatever comes late. Raises Unavailable where the outcome is unknown; where nobody is there to
    ask, the answer is Waiting. `call`: on whose behalf.
    """

    async def authorize(self, charge: Charge, key: str, call: Any) -> Outcome:
        """Hold the money."""
        ...

    async def capture(self, payer_id: UUID, key: str, call: Any) -> Outcome:
        """Take it."""
        ...

    async def cancel(self, payer_id: UUID, key: str, call: Any) -> Outcome:
        """Let go of it, or give it back."""
        ...

    async def only_held(self, payer_id: UUID, call: Any) -> bool:
        """Whether its money is held to be captured by hand, and nobody has asked for that yet. Raises Unavailable."""
        ...

    async def verify(self, payer_id: UUID, proof: str | None, call: Any) -> None:
        """The payer's buyer is back from proving themselves, with `proof` where there is one. Raises Unavailable.

        Only says that something may have come of it: the payer's saga has the provider asked.
        """
        ...


class Claimed(Struct, frozen=True):
    """A refund as it stands: PENDING while the provider is asked, DONE, or REFUSED by it (as a whole, or a part)."""

    amount: Money
    status: str


class Instead(Struct, frozen=True):
    """An order that a buyer gets instead of money, and what it comes to."""

    order_id: UUID
    total: Money


class RefundsPeer(Protocol):
    """How others give money back, inside their own transaction; a saga of payments asks the provider afterwards."""

    async def refund(
        self,
        tx: Any,
        order_id: UUID,
        refund_id: UUID,
        pieces: Mapping[str, int],
        reason: str,
        instead: Instead | None = None,
    ) -> Claimed:
        """Claim what was paid for so many `pieces` of each SKU, as far as they have not been refunded before.

        Never more than what is left of the capture; nothing is claimed where nothing is left. Idempotent by
        `refund_id`: one that is known is answered as it stands. Refuses with NotFound without a payment.

        `instead`: placed in this very transaction, or held until it ends and not called off, it is paid by what is
        claimed as far as that goes; the rest of one goes back, the rest of the other is charged. Should it come to
        nothing, what had paid for it goes back too.
        """
        ...

    async def refund_amount(self, tx: Any, order_id: UUID, refund_id: UUID, amount: Money, reason: str) -> Claimed:
        """As `refund`, of an amount: what is left of it where that is less."""
        ...

    async def ask_again(self, tx: Any, order_id: UUID, refund_id: UUID) -> bool:
        """Claim anew what the provider would not give back of this refund, of which other parts are done.

        False where less is left than that.
        """
        ...

    async def standing(self, tx: Any, refund_ids: Sequence[UUID]) -> Mapping[UUID, Claimed]:
        """Where these refunds stand; unknown ones are left out."""
        ...

    async def has_refunds(self, tx: Any, order_id: UUID, besides: Sequence[UUID]) -> bool:
        """Whether some of the order was given back, or is to be, otherwise than by these refunds.

        The order's payments are held, so that the answer stays true until the transaction ends.
        """
        ...

    async def given_back(self, tx: Any, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of which everything that was taken is back with the buyer."""
        ...


class RefundClaim(Struct, frozen=True, kw_only=True):
    """What is asked back of what was paid for an order: so many `pieces` of each SKU, out of what was `sold`.

    `whole`: exactly so much, or nothing. `instead`: what is claimed pays for that order first, unless it was called
    off; nobody has asked for its money before.
    """

    order_id: UUID
    refund_id: UUID
    pieces: Mapping[str, int]
    sold: Sold
    reason: str
    whole: Money | None = None
    instead: Instead | None = None


class RefundHold(Struct, frozen=True, kw_only=True):
    """What an edit gives back once it is true, or nothing. `besides`: refunds of edits, which are no hindrance."""

    order_id: UUID
    refund_id: UUID
    amount: Money
    reason: str
    besides: tuple[UUID, ...] = ()
    edit_id: UUID | None = None
    """As the event calls it by which the edit is told; None where whoever asks does not say."""


class RefundsAway(Protocol):
    """Refunds of payments in another process. Asked outside of transactions, any number of times.

    A refund is known by its id: one that is known is answered as it stands, and so is one that came to nothing. Raises
    Unavailable where the outcome is unknown; where nobody is there to ask, the answer is Waiting. `call`: on whose
    behalf.
    """

    async def claim(self, claim: RefundClaim, call: Any) -> Claimed | Waiting:
        """Claim what of it has not been refunded before, never more than is left; a saga of payments sends it.

        REFUSED for good where it is not the `whole` that was asked for.
        """
        ...

    async def hold(self, wish: RefundHold, call: Any) -> Claimed | Waiting:
        """Claim it without sending it, and keep others from claiming of the order until it is sent or let go.

        REFUSED for good where others have claimed of it, or less is left.
        """
        ...

    async def send(self, refund_id: UUID, call: Any) -> Claimed | Waiting | None:
        """Have what is held given back: where it stands; None where nothing goes back."""
        ...

    async def let_go(self, refund_id: UUID, call: Any) -> Waiting | None:
        """What is held is free again, and never held whatever comes late; what was sent is not touched."""
        ...

    async def ask_again(self, order_id: UUID, refund_id: UUID, call: Any) -> bool | Waiting:
        """Claim anew what the provider would not give back of it. False where less is left than that."""
        ...

    async def standing(self, refund_id: UUID, call: Any) -> Claimed | Waiting | None:
        """Where it stands; None where it is not known."""
        ...


@dataclass(frozen=True)
class Refunding:
    """Where refunds are claimed: within one's own transaction (RefundsPeer), or of payments in another process."""

    away: RefundsAway | None = None

    @property
    def elsewhere(self) -> RefundsAway:
        """Payments in another process, for sagas that are begun where it is there."""
        assert self.away is not None, "begun where payments is away, carried where it is not"
        return self.away
