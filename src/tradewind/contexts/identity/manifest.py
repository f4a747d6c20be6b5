"""What identity offers to the host."""

from pathlib import Path
from typing import Final

from tradewind.contexts.identity._domain.keys import SigningKeys
from tradewind.contexts.identity._store import accounts, sessions
from tradewind.contexts.identity.first_admin import create_first_admin
from tradewind.contexts.identity.issue_guest_token.command import issue_guest_token
from tradewind.contexts.identity.issue_guest_token.rest import issue_guest_token_route
from tradewind.contexts.identity.issue_token.command import (
    TRIES_WINDOW_S,
    begin_login,
    open_session,
    turn_refresh_token,
)
from tradewind.contexts.identity.issue_token.rest import issue_token
from tradewind.contexts.identity.publish_keys.query import publish_configuration, publish_keys
from tradewind.contexts.identity.publish_keys.rest import get_issuer_configuration, get_key_set
from tradewind.runtime.database import Tx
from tradewind.runtime.manifest import Manifest
from tradewind.runtime.timers import Timer

__all__ = ["MANIFEST", "SigningKeys", "create_first_admin"]

PURGE_EVERY_S: Final = 600.0


async def purge(tx: Tx) -> int:
    """Forget what has expired."""
    return await sessions.purge(tx) + await accounts.purge(tx, TRIES_WINDOW_S)


MANIFEST = Manifest(
    name="identity",
    migrations=Path(__file__).parent / "migrations",
    handlers=(issue_guest_token, begin_login, open_session, turn_refresh_token, publish_keys, publish_configuration),
    routes=(issue_guest_token_route, issue_token, get_key_set, get_issuer_configuration),
    timers=(Timer("identity.purge", PURGE_EVERY_S, purge),),
)
