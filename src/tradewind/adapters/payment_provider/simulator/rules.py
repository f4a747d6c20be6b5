"""What may move, and what moves: pure. The ledger asks here and writes down the answer."""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tradewind.adapters.payment_provider.simulator.faults import strike_of_method
from tradewind.adapters.payment_provider.wire import (
    AuthorizationWish,
    CaptureWish,
    Operation,
    RefundWish,
    VoidWish,
    Wish,
)
from tradewind.ports.payment_provider import DeclineCode, Declined

ACCOUNTS: Final[dict[Operation, tuple[str, str]]] = {
    "authorization": ("cardholder", "held"),
    "capture": ("held", "merchant"),
    "void": ("held", "cardholder"),
    "refund": ("merchant", "cardholder"),
}
"""Every operation moves one amount from one account to another, so that the books sum to zero by construction."""


class Authorization(Struct, frozen=True, kw_only=True):
    """What one authorization has come to, in minor units. A tombstone is voided and has no reference.

    `minor`: what is held or was taken; what a capture let go is not in it.
    """

    key: str
    reference: str = ""
    method: str = ""
    minor: int = 0
    currency: str = ""
    captured: int = 0
    refunded: int = 0
    voided: bool = False


class Verdict(Struct, frozen=True, kw_only=True):
    """What the ledger shall write: the state afterwards (None: unchanged), what moved, and the refusal if any.

    `let_go`: what a capture leaves, which goes back to the cardholder.
    """

    after: Authorization | None = None
    moved: int = 0
    let_go: int = 0
    declined: Declined | None = None


def decide(wish: Wish, before: Authorization | None, struck: Declined | None) -> Verdict:
    """The provider's decision. `before` is the authorization's present state, `struck` a scripted refusal.

    A key seen before never gets here: its recorded answer is given again.
    """
    if struck is not None:
        return Verdict(declined=struck)
    match wish:
        case AuthorizationWish():
            return _authorize(wish, before)
        case CaptureWish():
            return _capture(wish, before)
        case VoidWish():
            return _void(wish, before)
        case RefundWish():
            return _refund(wish, before)


def _authorize(wish: AuthorizationWish, before: Authorization | None) -> Verdict:
    if before is not None:
        return _decline(DeclineCode.VOIDED, "This authorization was voided before it arrived.")
    strike = strike_of_method(wish.method)
    if strike is None:
        return _decline(DeclineCode.UNKNOWN_METHOD, "There is no such payment method.")
    if strike.fault.declined is not None and strike.fault.strikes == "authorization":
        return Verdict(declined=strike.fault.declined)
    minor, currency = wish.amount.minor, wish.amount.currency
    after = Authorization(key=wish.key, reference=wish.reference, method=wish.method, minor=minor, currency=currency)
    return Verdict(after=after, moved=minor)


def _capture(wish: CaptureWish, before: Authorization | None) -> Verdict:
    if before is None:
        return _decline(DeclineCode.UNKNOWN_AUTHORIZATION, "There is no such authorization.")
    if before.voided:
        return _decline(DeclineCode.VOIDED, "The authorization was voided.")
    if wish.amount.currency != before.currency:
        return _decline(DeclineCode.CURRENCY_MISMATCH, "The authorization is in another currency.")
    if wish.amount.minor > before.minor - before.captured:
        return _decline(DeclineCode.EXCEEDS_AUTHORIZATION, "Less than that is held.")
    strike = strike_of_method(before.method)
    if strike is not None and strike.fault.declined is not None and strike.fault.strikes == "capture":
        return Verdict(declined=strike.fault.declined)
    taken = wish.amount.minor
    after = replace(before, captured=before.captured + taken, minor=before.captured + taken)
    return Verdict(after=after, moved=taken, let_go=before.minor - after.minor)


def _void(wish: VoidWish, before: Authorization | None) -> Verdict:
    if before is None:
        return Verdict(after=Authorization(key=wish.authorization_key, voided=True))
    if before.captured:
        return _decline(DeclineCode.ALREADY_CAPTURED, "The amount was captured; it can only be refunded.")
    if before.voided:
        return Verdict()
    return Verdict(after=replace(before, voided=True), moved=before.minor)


def _refund(wish: RefundWish, before: Authorization | None) -> Verdict:
    if before is None:
        return _decline(DeclineCode.UNKNOWN_AUTHORIZATION, "There is no such authorization.")
    if before.captured and wish.amount.currency != before.currency:
        return _decline(DeclineCode.CURRENCY_MISMATCH, "The authorization is in another currency.")
    if wish.amount.minor > before.captured - before.refunded:
        return _decline(DeclineCode.EXCEEDS_CAPTURE, "Less than that was captured and not given back.")
    return Verdict(after=replace(before, refunded=before.refunded + wish.amount.minor), moved=wish.amount.minor)


def _decline(code: DeclineCode, reason: str) -> Verdict:
    return Verdict(declined=Declined(code=code, reason=reason))
