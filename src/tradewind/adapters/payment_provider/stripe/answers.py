"""What Stripe's objects and errors mean: pure, but for the errors that hide an outcome."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import aiohttp
import stripe

from tradewind.adapters.payment_provider.journaled.api import Asked, Wish, unknown
from tradewind.adapters.payment_provider.journaled.rules import declined
from tradewind.ports.payment_provider import ActionRequired, Answer, Approved, DeclineCode, Declined, KeyReused

KEY: Final = "tradewind_key"
CAPTURE_KEY: Final = "tradewind_capture_key"
"""Metadata of a PaymentIntent or a Refund: the key of the call that made it, and of the one that captured it."""
ORDER: Final = "tradewind_order"
"""Metadata of a PaymentIntent, and of its charge: the order."""
_CODES: Final = {
    "insufficient_funds": DeclineCode.INSUFFICIENT_FUNDS,
    "payment_intent_authentication_failure": DeclineCode.CHALLENGE_FAILED,
    "authentication_required": DeclineCode.CHALLENGE_FAILED,
}
MAX_REASON: Final = 255
_NOT_BACK: Final = ("failed", "canceled")
"""What a refund is that did not reach its card."""


@contextmanager
def asking(wish: Wish) -> Iterator[None]:
    """Translate what Stripe's client raises. CardError and InvalidRequestError are answers, and pass."""
    try:
        yield
    except (stripe.CardError, stripe.InvalidRequestError):
        raise
    except stripe.IdempotencyError as reused:
        raise KeyReused(
            "The payment provider knows this key with other parameters.", operation=wish.verb, key=wish.key
        ) from reused
    except stripe.StripeError as trouble:  # 401, 403, 409, 429, 5xx, no connection, no JSON
        status = f" {trouble.http_status}" if trouble.http_status else ""
        raise unknown(wish, type(trouble).__name__ + status) from trouble
    except (aiohttp.ClientError, OSError) as torn:  # in the middle of an answer, which Stripe's client lets pass
        raise unknown(wish, type(torn).__name__) from torn


def authorization(intent: Any) -> Answer | None:
    """What became of an authorization; None while that is open."""
    match intent.status:
        case "requires_capture" | "succeeded":
            return Approved(provider_id=intent.id)
        case "requires_action":
            url = redirect(intent)
            return None if url is None else ActionRequired(provider_id=intent.id, url=url)
        case "canceled":
            return declined(DeclineCode.VOIDED)
        case "requires_payment_method" if field(intent, "last_payment_error"):
            return refusal(intent.last_payment_error)
        case _:
            return None


def capture(intent: Any, asked: Asked) -> Answer | None:
    """What became of this capture; None while nothing is captured."""
    if intent.status == "succeeded":
        if kept(intent, CAPTURE_KEY) == asked.wish.key:
            return Approved(provider_id=str(field(intent, "latest_charge") or intent.id))
        return declined(DeclineCode.EXCEEDS_AUTHORIZATION)
    if intent.status == "canceled":
        return declined(DeclineCode.VOIDED)
    return None


def refund(said: Any) -> Answer:
    """A refund that is pending is accepted; should the bank refuse it later, `look_up` tells."""
    if said.status in _NOT_BACK:
        return Declined(code="refund_failed", reason=str(field(said, "failure_reason") or said.status)[:MAX_REASON])
    return Approved(provider_id=said.id)


def has_failed(thing: Mapping[str, Any]) -> bool:
    """Whether what an event is about is a refund that did not reach its card."""
    return thing.get("object") == "refund" and thing.get("status") in _NOT_BACK


def refusal(error: Any) -> Declined:
    """A card's refusal, as error or as a PaymentIntent's last_payment_error."""
    code = field(error, "decline_code") or field(error, "code") or "card_declined"
    if code == "card_declined" and field(error, "code"):
        code = field(error, "code")
    return Declined(code=_CODES.get(code, code), reason=str(field(error, "message") or code)[:MAX_REASON])


def redirect(intent: Any) -> str | None:
    """Where the buyer has to go."""
    action = field(intent, "next_action")
    found = field(action, "redirect_to_url") if action else None
    return None if not found else field(found, "url")


def kept(thing: Any, name: str) -> Any:
    """What we once attached to it."""
    return field(field(thing, "metadata"), name)


def field(thing: Any, name: str) -> Any:
    """A field that Stripe leaves out or says null for."""
    return getattr(thing, name, None)
