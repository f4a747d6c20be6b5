"""Who comes by an outside issuer's token is let in by the database first, and again every SEEN_S."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from tradewind.api.auth.outside import OutsideActor
from tradewind.api.auth.revocation import ACCESS_LIFETIME_S
from tradewind.api.auth.tokens import TokenRevoked
from tradewind.kernel import clock
from tradewind.runtime.call import Actor

SEEN_S: Final = ACCESS_LIFETIME_S * 2 / 3
"""Shorter than the end of a session is remembered: the issuer may go on making tokens of one that was ended here."""
REMEMBERED: Final = 10_000
Admit = Callable[[OutsideActor], Awaitable[bool]]
"""Whether they are let in; what the shop holds of them is there then. Raises Unavailable."""


class Admissions:
    """Who was let in of late by this process: the same user, session, roles and address."""

    def __init__(self, admit: Admit) -> None:
        self._admit = admit
        self._seen: OrderedDict[Actor, float] = OrderedDict()

    def is_due(self, actor: Actor) -> bool:
        """Whether `admit` must be asked before this actor is believed."""
        if not isinstance(actor, OutsideActor):
            return False
        return abs(clock.now().timestamp() - self._seen.get(actor, float("-inf"))) > SEEN_S

    async def admit(self, actor: Actor) -> None:
        """Let them in; refuses TokenRevoked, and Unavailable where the database cannot be asked."""
        if not isinstance(actor, OutsideActor):
            return
        at = clock.now().timestamp()
        if not await self._admit(actor):
            raise TokenRevoked
        self._seen.pop(actor, None)
        self._seen[actor] = at
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
