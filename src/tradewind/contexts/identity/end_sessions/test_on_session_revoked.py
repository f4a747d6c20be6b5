"""What a process hears about ended sessions, and what it knows when it may have missed some."""

from tradewind.api.auth.revocation import RevokedSessions
from tradewind.contexts.identity.end_sessions.on_session_revoked import on_session_revoked
from tradewind.contracts.identity import SessionRevoked
from tradewind.runtime.subscriptions import Here


def test_what_is_heard_is_refused_and_what_may_have_been_missed_is_asked_for() -> None:
    revoked = RevokedSessions()
    revoked.whole, here = True, Here({RevokedSessions: revoked})
    on_session_revoked.hear(SessionRevoked(user_id="u-1", session_id="s-1"), here)
    assert "s-1" in revoked
    assert [revoked.whole] == [True]
    assert on_session_revoked.reset is not None
    on_session_revoked.reset(here)
    assert [revoked.whole] == [False]
    assert "s-1" in revoked, "what is known stays known"
