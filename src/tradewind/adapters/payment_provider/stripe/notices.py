"""What Stripe posts by itself, signed: which of our calls it is about. The truth is looked up."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
from stripe import SignatureVerificationError, WebhookSignature

from tradewind.adapters.payment_provider.stripe import answers
from tradewind.adapters.payment_provider.stripe.answers import CAPTURE_KEY, KEY
from tradewind.kernel.errors import Invalid, Unauthenticated
from tradewind.ports.payment_provider import REPLAY_WINDOW_S, Notice

SIGNATURE: Final = "stripe-signature"
_ABOUT: Final = {"payment_intent": (KEY, CAPTURE_KEY), "refund": (KEY,)}


class StripeNotices:
    """The port `NoticeReader`. `secrets`: of the webhook endpoint; any of them may have signed, for rotation."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = secrets

    async def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        """A notice for each of our calls that the event is about; see the port."""
        self._verify(headers.get(SIGNATURE, ""), body, now)
        try:
            event = msgspec.json.decode(body, type=dict[str, Any])
            thing = event["data"]["object"]
            kept = thing.get("metadata") or {}
            names = _ABOUT.get(thing["object"], ())
            at = datetime.fromtimestamp(event["created"], UTC)
            keys = [key for name in names if isinstance(key := kept.get(name), str) and key]
            failed: Literal["refund"] | None = "refund" if answers.has_failed(thing) else None
            # One event may be about two calls, and the shop takes each notice once.
            return [Notice(notice_id=f"{event['id']}/{n}", key=key, at=at, failed=failed) for n, key in enumerate(keys)]
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError, OSError) as unreadable:
            raise Invalid("The notice cannot be read.") from unreadable

    async def keep_proof(self, key: str, proof: str) -> None:
        """Nothing to keep: a look-up shows what came of it."""

    def _verify(self, header: str, body: bytes, now: datetime) -> None:
        """By Stripe's own code; the time by our clock, for it knows only the machine's."""
        for secret in self._secrets if header.isascii() else ():
            try:
                WebhookSignature.verify_header(body, header, secret, tolerance=None)
            except (SignatureVerificationError, UnicodeDecodeError):
                continue
            stamp, _ = WebhookSignature._get_timestamp_and_signatures(header, "v1")
            if abs(now.timestamp() - stamp) > REPLAY_WINDOW_S:
                raise Unauthenticated("The notice's signature is too old, or from the future.")
            return
        raise Unauthenticated("The notice's signature does not fit.")
