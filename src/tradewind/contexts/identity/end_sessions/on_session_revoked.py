"""Every process hears which sessions have ended, and refuses their tokens from then on."""

from tradewind.api.auth.revocation import RevokedSessions
from tradewind.contracts.identity import SessionRevoked
from tradewind.runtime.subscriptions import Here, listener


def may_have_missed(here: Here) -> None:
    """What is missing is loaded by whoever asks next."""
    here.peer(RevokedSessions).miss()


@listener(reset=may_have_missed)
def on_session_revoked(event: SessionRevoked, here: Here) -> None:
    """Also in the process that ended it: there it is known already."""
    here.peer(RevokedSessions).add(event.session_id)
