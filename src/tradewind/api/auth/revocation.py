"""Sessions that have ended while access tokens of them still run: looked up at every request, without asking anybody.

The set is this process's own. Who ends a session adds it on commit, other processes hear it from the log, a new process
loads the latest from the database; processes that have a Redis in common tell each other at once as well. A session is
in it for as long as an access token of it could still be good. Where this process may be behind the log, the database
is asked at each request; where it does not answer, nobody gets in.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from tradewind.api.auth.tokens import TokenRevoked
from tradewind.kernel import clock
from tradewind.runtime.call import Actor

ACCESS_LIFETIME_S: Final = 15 * 60
"""How long an access token of a session is good, and so how long its end must be remembered."""
SKEW_S: Final = 60
"""Remembered longer by this: the database's clock and ours need not agree to the second."""

IsFresh = Callable[[], bool]
"""Whether this process has lately heard the log to its end."""
IsAlive = Callable[[str], Awaitable[bool]]
"""Whether a session is alive, by the database. Raises Unavailable where that cannot be said."""
Latest = Callable[[], Awaitable[Iterable[str]]]
"""The sessions that ended within the lifetime of an access token, by the database."""


class RevokedSessions:
    """Ended sessions by their ids, oldest first; each is forgotten when its last access token has expired."""

    def __init__(self, *, keep_s: float = ACCESS_LIFETIME_S + SKEW_S) -> None:
        self._ended: dict[str, float] = {}
        self.keep_s = keep_s
        """How long each is remembered."""
        self.tells: Callable[[str], None] | None = None
        """Tells other processes at once, where they have more in common than the log."""
        self.whole = False
        """Whether nothing is missing; what is missing is loaded by whoever asks next."""

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._ended

    def __len__(self) -> int:
        return len(self._ended)

    @property
    def known(self) -> Mapping[str, float]:
        """When each of them ended, or was heard to have (seconds since 1970)."""
        return self._ended

    def end(self, session_id: str) -> None:
        """It was ended here, and that is committed."""
        self.add(session_id)
        if self.tells is not None:
            self.tells(session_id)

    def add(self, session_id: str) -> None:
        """From now on its tokens are refused here."""
        now_s = clock.now().timestamp()
        self._ended.pop(session_id, None)
        self._ended[session_id] = now_s
        self._forget(now_s - self.keep_s)

    def hear(self, session_id: str, ended_s: float) -> None:
        """Another process says when it ended (seconds since 1970): that is not forgotten later for being heard late."""
        before_s = clock.now().timestamp() - self.keep_s
        if session_id not in self._ended and ended_s > before_s:
            self._ended[session_id] = ended_s
        self._forget(before_s)

    def miss(self) -> None:
        """Something may have ended without being heard of here."""
        self.whole = False

    def _forget(self, before_s: float) -> None:
        while self._ended:
            oldest = next(iter(self._ended))
            if self._ended[oldest] > before_s:
                return
            del self._ended[oldest]


class SessionCheck:
    """What an edge asks before it believes a token whose signature is good."""

    def __init__(self, revoked: RevokedSessions, *, is_fresh: IsFresh, is_alive: IsAlive, latest: Latest) -> None:
        self._revoked = revoked
        self._is_fresh = is_fresh
        self._is_alive = is_alive
        self._latest = latest

    def in_doubt(self, actor: Actor) -> bool:
        """Whether `confirm` must be asked before this actor is believed."""
        return actor.session is not None and not (self._revoked.whole and self._is_fresh())

    async def confirm(self, actor: Actor) -> None:
        """Refuse (TokenRevoked) an ended session; Unavailable where even the database cannot be asked."""
        if actor.session is None:
            return
        if not self._revoked.whole and self._is_fresh():
            await self.load()
        if not await self._is_alive(actor.session):
            raise TokenRevoked

    async def load(self) -> None:
        """Make the set whole; what is heard meanwhile is in it already. Raises Unavailable."""
        self._revoked.whole = True  # said first: whatever is missed from now on takes it back
        try:
            for session_id in await self._latest():
                self._revoked.add(session_id)
        except BaseException:
            self._revoked.whole = False
            raise
