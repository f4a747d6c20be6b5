"""Whoever moves the buyer's money: authorize, capture, void, refund, and ask what became of it.

What every adapter promises, and every caller may lean on:

- **Idempotent by key.** The same call with the same key moves money once and gets the recorded answer again. The
  same key with other parameters raises `KeyReused`, and nothing moves.
- **Never a guess.** `Approved` and `Declined` are what the provider said. Whatever hides its answer (a time-out, a
  reset, a 5xx, an answer that cannot be read) raises `Unavailable`: *the outcome is unknown*. It is settled by asking
  again with the same key, or by `look_up`; never by a new key.
- **A buyer may have to prove themselves.** `ActionRequired` holds no money yet; `look_up` tells what came of it.
- **A void is final, whatever comes late.** Voiding an authorization that the provider has not seen leaves a tombstone,
  so that a paused caller's late `authorize` with that key is declined (`voided`) and holds no money.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from msgspec import Struct

from tradewind.kernel.errors import Conflict, Unavailable
from tradewind.kernel.money import Money


class DeclineCode(StrEnum):
    """The codes that the shop acts upon; a provider may use others."""

    ALREADY_CAPTURED = "already_captured"
    CAPTURE_REFUSED = "capture_refused"
    CHALLENGE_FAILED = "challenge_failed"
    CURRENCY_MISMATCH = "currency_mismatch"
    EXCEEDS_AUTHORIZATION = "exceeds_authorization"
    EXCEEDS_CAPTURE = "exceeds_capture"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    UNKNOWN_AUTHORIZATION = "unknown_authorization"
    UNKNOWN_METHOD = "unknown_method"
    VOIDED = "voided"


class Approved(Struct, frozen=True, kw_only=True, tag_field="outcome", tag="approved"):
    """The provider did it. `provider_id` is its own name for the operation."""

    provider_id: str


class Declined(Struct, frozen=True, kw_only=True, tag_field="outcome", tag="declined"):
    """The provider refused, for good: the same key gets the same refusal. `reason` is for people."""

    code: str
    reason: str


class ActionRequired(Struct, frozen=True, kw_only=True, tag_field="outcome", tag="action_required"):
    """The buyer must prove themselves at `url` (3-D Secure) before the money is held. Settled later: look_up tells."""

    provider_id: str
    url: str


Settled = Approved | Declined
Answer = Settled | ActionRequired
"""ActionRequired comes from `authorize` and `look_up` only."""


class Notice(Struct, frozen=True, kw_only=True):
    """What a provider told by itself: a reason to look up the call with `key`, never the truth itself.

    `notice_id` is the same however often it is sent. `failed`: a capture that was accepted may not have come, or
    a refund may not have gone back.
    """

    notice_id: str
    key: str
    at: datetime
    failed: Literal["capture", "refund"] | None = None


class NoticeReader(Protocol):
    """What one provider posts to the shop, understood."""

    async def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        """The notices in it; none where it tells of nothing that the shop asked for. `headers` are in lower case.

        What can be learned from the notice alone is kept before this returns, so that `look_up` knows it. Raises
        Unauthenticated for a bad signature or one older than REPLAY_WINDOW_S (where the provider signs the time),
        Invalid for a body that cannot be read, Unavailable where it could not be kept: let it be sent again.
        """
        ...

    async def keep_proof(self, key: str, proof: str) -> None:
        """What the buyer's browser brought back from proving themselves for the authorization with `key`.

        Kept for its `look_up`, where the provider has to be shown it before it tells what came of that; nobody has
        looked at it. Raises Unavailable where it could not be kept.
        """
        ...


REPLAY_WINDOW_S = 300.0
"""How far a notice's signed time may be from ours, either way."""


@dataclass(frozen=True)
class NoticeReaders:
    """Whose notices the shop listens to: the provider's name, as it stands in the address, to its reader."""

    by_provider: Mapping[str, NoticeReader]


class KeyReused(Conflict):
    """The key was used before with other parameters."""


class NeverAsked(Unavailable):
    """The payment provider was not reached: nothing was asked, and no money moves by this call."""


class PaymentProvider(Protocol):
    """Five verbs. All raise `Unavailable` when the outcome is unknown, and `KeyReused` for a key with other parameters.

    Keys and references are 1 to 255 characters; amounts are above zero. Anything else raises `Invalid`.
    """

    async def authorize(self, amount: Money, method: str, key: str, reference: str) -> Answer:
        """Hold `amount` on the payment method. `reference` is the order's id, by which the books are compared.

        Declined (`voided`) when this key was voided before it arrived.
        """
        ...

    async def capture(self, authorization_key: str, amount: Money, key: str) -> Settled:
        """Take `amount` of what the authorization holds, once; what it leaves is let go and cannot be captured."""
        ...

    async def void(self, authorization_key: str, key: str) -> Settled:
        """Let go of what the authorization holds; Approved also when it holds nothing, is voided or was never seen.

        An authorization never seen is refused from now on. After a capture: Declined (`already_captured`);
        refund instead.
        """
        ...

    async def refund(self, authorization_key: str, amount: Money, key: str) -> Settled:
        """Give `amount` back. All refunds together never exceed the captures, however many are asked for at once."""
        ...

    async def look_up(self, key: str) -> Answer | None:
        """What became of the call with this key; None when the provider has not recorded it *so far*.

        A call that is still under way may be recorded after a None; only a void settles that for good.
        """
        ...
