"""What Adyen's answers mean, and how our calls are known to it: pure."""

from collections.abc import Mapping
from typing import Any, Final

from tradewind.adapters.payment_provider.journaled.amounts import adyen_minor
from tradewind.adapters.payment_provider.journaled.api import Asked, Wish
from tradewind.ports.payment_provider import ActionRequired, Answer, Approved, DeclineCode, Declined

MARK_LENGTH: Final = 40
MAX_REFERENCE: Final = 80
MAX_REASON: Final = 255
_REFUSALS: Final = {"12": DeclineCode.INSUFFICIENT_FUNDS, "11": DeclineCode.CHALLENGE_FAILED}
"""https://docs.adyen.com/development-resources/refusal-reasons, those that the shop acts upon."""
_NOT_PROVED, _NOT_PROVED_CODE = "3D Not Authenticated", "11"
_UNKNOWN_METHOD: Final = ("800", "803")
IN_PROGRESS: Final = "704"


def reference(wish: Wish, of: Wish) -> str:
    """Adyen's merchantReference, which it signs: the order for people, the mark for us."""
    return f"{of.reference[: MAX_REFERENCE - MARK_LENGTH - 1]}.{wish.mark}"


def mark_in(merchant_reference: str) -> str:
    """The mark of a merchantReference."""
    return merchant_reference[-MARK_LENGTH:]


def amount(wish: Wish) -> dict[str, Any]:
    """The amount in Adyen's words."""
    return {"value": adyen_minor(wish.amount), "currency": wish.amount.currency}


def payment_method(method: str) -> dict[str, Any]:
    """A token of Adyen's: `shopperReference/storedPaymentMethodId`, or the second alone."""
    shopper, slash, stored = method.rpartition("/")
    said: dict[str, Any] = {"paymentMethod": {"type": "scheme", "storedPaymentMethodId": stored}}
    return {**said, "shopperReference": shopper} if slash else said


def authorization(asked: Asked, said: Mapping[str, Any]) -> Answer | None:
    """What /payments answered; None while that is open (a notice will tell)."""
    match said.get("resultCode"):
        case "Authorised":
            return Approved(provider_id=str(said["pspReference"]))
        case "Refused" | "Cancelled" | "Error" as result:
            return refusal(str(said.get("refusalReasonCode", "")), str(said.get("refusalReason", result)))
        case "RedirectShopper" | "ChallengeShopper" | "IdentifyShopper":
            url = (said.get("action") or {}).get("url")
            return (
                ActionRequired(provider_id=str(said.get("pspReference") or asked.wish.mark), url=url) if url else None
            )
        case _:
            return None


def refusal(code: str, reason: str) -> Declined:
    """A refusal by its code; by its reason, where only that is told."""
    if not code and reason.startswith(_NOT_PROVED):
        code = _NOT_PROVED_CODE
    return Declined(code=_REFUSALS.get(code, f"refused_{code}" if code else "refused"), reason=reason[:MAX_REASON])


def not_understood(code: str, reason: str) -> Declined:
    """A request that Adyen will never take."""
    return Declined(
        code=DeclineCode.UNKNOWN_METHOD if code in _UNKNOWN_METHOD else f"adyen_{code or 'invalid'}",
        reason=reason[:MAX_REASON],
    )
