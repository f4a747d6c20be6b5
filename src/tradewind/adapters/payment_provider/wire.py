"""What the client and the provider say to each other: JSON over HTTP, one struct for each wish.

POST /v1/authorizations   AuthorizationWish  ┐
POST /v1/captures         CaptureWish        │ 200 Answer   400 not understood   409 the key has other parameters
POST /v1/voids            VoidWish           │ 5xx or silence: the outcome is unknown
POST /v1/refunds          RefundWish         ┘
GET  /v1/operations/{key}                      200 Answer   404 not recorded so far
GET  /v1/ledger?cursor=&limit=                 200 LedgerPage, every operation in the order of recording
GET  /v1/ledger/{reference}                    200 LedgerPage, the operations of one reference
GET  /v1/settlements?day=&after=&currency=&limit=  200 SettlementPage, what moved for the orders of one day, or ever
GET  /v1/settlements/{reference}               200 SettlementPage, the same of one reference
POST /v1/faults           FaultWish            200          400 no such fault
POST /v1/webhook          Endpoint             200          where notices are posted from now on
GET  /challenges/{id}                          200 a page on which the buyer confirms or fails
POST /challenges/{id}     answer=confirm|fail  200 a page that says what came of it
GET  /health                                   200

A notice is posted to the Endpoint as NoticeBody, signed (see `notices`).
"""

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, Struct

from tradewind.kernel.money import MAX_MINOR

MAX_TEXT: Final = 255
MAX_PAGE: Final = 1_000
MAX_FAULT_TIMES: Final = 100_000
PATHS: Final = {
    "authorization": "/v1/authorizations",
    "capture": "/v1/captures",
    "void": "/v1/voids",
    "refund": "/v1/refunds",
    "look_up": "/v1/operations/",
}

SETTLEMENTS: Final = "/v1/settlements"
WEBHOOK: Final = "/v1/webhook"
CHALLENGES: Final = "/challenges/"

Operation = Literal["authorization", "capture", "void", "refund"]
Call = Literal["authorization", "capture", "void", "refund", "look_up"]
Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]


class Amount(Struct, frozen=True, forbid_unknown_fields=True):
    """Money as it crosses the wire: above zero, in minor units."""

    minor: Annotated[int, Meta(gt=0, le=MAX_MINOR)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class AuthorizationWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold this amount."""

    OPERATION: ClassVar[Operation] = "authorization"
    key: Text
    reference: Text
    method: Text
    amount: Amount


class CaptureWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Take this amount of what is held."""

    OPERATION: ClassVar[Operation] = "capture"
    key: Text
    authorization_key: Text
    amount: Amount


class VoidWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let go of what is held."""

    OPERATION: ClassVar[Operation] = "void"
    key: Text
    authorization_key: Text


class RefundWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give this amount back."""

    OPERATION: ClassVar[Operation] = "refund"
    key: Text
    authorization_key: Text
    amount: Amount


Wish = AuthorizationWish | CaptureWish | VoidWish | RefundWish


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the provider's ledger. `minor` is what moved, from one account to the other: zero when declined.

    A void that came before its authorization has no reference and no currency, for nobody told the provider.
    """

    position: int
    operation: Operation
    key: str
    authorization_key: str
    reference: str
    asked_minor: int
    minor: int
    currency: str
    from_account: str
    to_account: str
    outcome: Literal["approved", "declined"]
    code: str
    reason: str
    provider_id: str
    recorded_at: str


class LedgerPage(Struct, frozen=True, kw_only=True):
    """Some lines; `next_cursor` is None when there were no more."""

    operations: list[Entry]
    next_cursor: int | None


class SettlementRow(Struct, frozen=True, kw_only=True):
    """All that ever moved for one reference in one currency, and in how many pieces."""

    reference: str
    currency: str
    captured_minor: int
    refunded_minor: int
    captures: int
    refunds: int


class SettlementPage(Struct, frozen=True, kw_only=True):
    """Some rows in the order of reference and currency; fewer than were asked for are the last."""

    rows: list[SettlementRow]


class FaultWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Strike the next `times` calls of one kind, whatever their method; 0 takes the wish back."""

    operation: Call
    fault: Text
    times: Annotated[int, Meta(ge=0, le=MAX_FAULT_TIMES)] = 1


class Endpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the shop listens, and what its notices are signed with."""

    url: Annotated[str, Meta(min_length=1, max_length=2_048, pattern="^https?://")]
    secret: Text


class NoticeBody(Struct, frozen=True, kw_only=True):
    """A notice as it is posted. `type` is for people: whoever hears of it looks up `key`."""

    id: Text
    type: Text
    key: Text
