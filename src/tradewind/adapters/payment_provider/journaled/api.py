"""What a provider must be able to say. Everything that the port promises beyond this is kept by `provider`."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import ActionRequired, Answer, Approved, DeclineCode, Declined
from tradewind.runtime.failpoints import planted

NEW_MARK: Final = "provider_mark_not_kept"
"""The bug that tests plant: each try is asked as if it were the first."""
Verb = Literal["authorize", "capture", "void", "refund"]


class Wish(Struct, frozen=True, kw_only=True):
    """One call of the port. A void has no amount."""

    verb: Verb
    key: str
    authorization_key: str
    amount: Money
    method: str = ""
    reference: str = ""

    @property
    def mark(self) -> str:
        """The key in 40 letters that every provider takes as an idempotency key and as a reference."""
        salt = new_id().hex if planted(NEW_MARK) else ""
        return hashlib.sha256((self.key + salt).encode()).hexdigest()[:40]

    @property
    def method_digest(self) -> str:
        """Tells one method from another without naming either."""
        return hashlib.sha256(self.method.encode()).hexdigest()


class Asked(Struct, frozen=True, kw_only=True):
    """A wish as it stands in the journal. `fresh`: this very call wrote it down, so nobody can have asked before.

    `answer` is None as long as nobody knows what became of it. `provider_id` may be known earlier.
    """

    position: int
    wish: Wish
    method_digest: str
    provider_id: str | None
    answer: Answer | None
    asked_at: datetime
    fresh: bool = False
    proof: str | None = None
    """What the buyer's browser brought back, as long as the provider has not said what it is worth."""

    def is_for(self, wish: Wish) -> bool:
        """Whether it was this that was asked. The method is forgotten once it is settled; its digest is not."""
        return self.method_digest == wish.method_digest and replace(self.wish, method=wish.method) == wish

    @property
    def approved(self) -> bool:
        return isinstance(self.answer, Approved)

    @property
    def refused(self) -> bool:
        return isinstance(self.answer, Declined)

    @property
    def voided(self) -> bool:
        return isinstance(self.answer, Declined) and self.answer.code == DeclineCode.VOIDED

    @property
    def settled(self) -> bool:
        return self.answer is not None and not isinstance(self.answer, ActionRequired)


class Family(Struct, frozen=True, kw_only=True):
    """An authorization and whatever was asked about it, in the order of asking."""

    of: Asked | None
    about: Sequence[Asked] = ()

    def all(self, verb: Verb, before: int | None = None) -> list[Asked]:
        """What was asked of this kind; only what was asked earlier than position `before`, where one is given."""
        return [one for one in self.about if one.wish.verb == verb and (before is None or one.position < before)]


class Api(Protocol):
    """One provider. Every call may be repeated; each raises Unavailable when it does not learn the outcome.

    `of` is the authorization that a call is about. Nothing is asked here that the journal's rules refuse.
    """

    async def authorize(self, asked: Asked) -> Answer:
        """Hold the amount, or learn what became of the earlier try."""
        ...

    async def capture(self, asked: Asked, of: Asked) -> Answer:
        """Take the amount, or learn what became of the earlier try."""
        ...

    async def void(self, asked: Asked, of: Asked) -> Answer:
        """Let go of whatever `of` holds or may still come to hold. `of` may be unsettled."""
        ...

    async def refund(self, asked: Asked, of: Asked) -> Answer:
        """Give the amount back, or learn what became of the earlier try."""
        ...

    async def see(self, asked: Asked, of: Asked) -> Answer | None:
        """What became of an earlier try, moving no money; None where that cannot be told so far."""
        ...

    async def find_out(self, asked: Asked, of: Asked) -> Answer | None:
        """The same, for who needs to know before a void or a refund: may ask again."""
        ...


def unknown(wish: Wish, trouble: str) -> Unavailable:
    """Nobody knows what became of this."""
    return Unavailable(
        "The payment provider gave no answer: the outcome is unknown.",
        operation=wish.verb,
        key=wish.key,
        trouble=trouble,
    )
