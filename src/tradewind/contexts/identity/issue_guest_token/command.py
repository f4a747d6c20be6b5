"""Make somebody up: a guest is a subject that nobody knew before, and that nothing is kept of."""

from typing import Final

from tradewind.contexts.identity._domain.grants import AccessToken
from tradewind.contracts.identity import SCOPES, TokenIssuer
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

GUEST_LIFETIME_S: Final = 24 * 3600
"""A guest has no way to another token, so this one lasts for a day of shopping and looking after the parcel."""


class IssueGuestToken(Command, frozen=True, kw_only=True):
    """Let somebody shop who has not said who they are."""


@query(action="identity.issue_guest_token")
async def issue_guest_token(command: IssueGuestToken, tx: Tx) -> AccessToken:
    """A token of a new guest."""
    scopes = SCOPES["guest"]
    token = tx.peer(TokenIssuer).sign(
        subject=f"guest-{new_id()}",
        roles=("guest",),
        scopes=scopes,
        tenant=tx.call.actor.tenant,
        lifetime_s=GUEST_LIFETIME_S,
    )
    return AccessToken(access_token=token, expires_in=GUEST_LIFETIME_S, scope=" ".join(scopes))
