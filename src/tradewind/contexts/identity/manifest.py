"""What identity offers to the host."""

from pathlib import Path
from typing import Final

from tradewind.contexts.identity._domain.keys import SigningKeys
from tradewind.contexts.identity._store import attempts, mail_tokens, sessions
from tradewind.contexts.identity.admit_outsider.command import admit_outsider
from tradewind.contexts.identity.change_password.command import change_password, get_own_user
from tradewind.contexts.identity.change_password.rest import change_password_route
from tradewind.contexts.identity.disable_user.command import disable_user, enable_user
from tradewind.contexts.identity.disable_user.rest import disable_user_route, enable_user_route
from tradewind.contexts.identity.end_outside_session.command import end_outside_session
from tradewind.contexts.identity.end_outside_session.rest import backchannel_logout_route
from tradewind.contexts.identity.end_sessions.command import end_other_sessions, end_session
from tradewind.contexts.identity.end_sessions.on_session_revoked import on_session_revoked
from tradewind.contexts.identity.end_sessions.rest import end_other_sessions_route, end_session_route
from tradewind.contexts.identity.first_admin import create_first_admin
from tradewind.contexts.identity.get_own_account.query import get_own_account
from tradewind.contexts.identity.get_own_account.rest import get_own_account_route
from tradewind.contexts.identity.invite_user.command import invite_user
from tradewind.contexts.identity.invite_user.rest import invite_user_route
from tradewind.contexts.identity.issue_guest_token.command import issue_guest_token
from tradewind.contexts.identity.issue_guest_token.rest import issue_guest_token_route
from tradewind.contexts.identity.issue_token.command import (
    MAX_TRIES,
    TRIES_WINDOW_S,
    begin_login,
    open_session,
    turn_refresh_token,
)
from tradewind.contexts.identity.issue_token.rest import issue_token
from tradewind.contexts.identity.list_roles.query import list_roles
from tradewind.contexts.identity.list_roles.rest import list_roles_route
from tradewind.contexts.identity.list_sessions.query import list_sessions
from tradewind.contexts.identity.list_sessions.rest import list_sessions_route
from tradewind.contexts.identity.list_users.query import get_user, list_users
from tradewind.contexts.identity.list_users.rest import get_user_route, list_users_route
from tradewind.contexts.identity.peer import Accounts
from tradewind.contexts.identity.personal_data import AccountData
from tradewind.contexts.identity.publish_keys.query import publish_configuration, publish_keys
from tradewind.contexts.identity.publish_keys.rest import get_issuer_configuration, get_key_set
from tradewind.contexts.identity.register_user.command import MAILS_WINDOW_S, register_user
from tradewind.contexts.identity.register_user.rest import register
from tradewind.contexts.identity.reset_password.command import ask_for_reset, check_reset, reset_password
from tradewind.contexts.identity.reset_password.rest import ask_for_reset_route, reset_password_route
from tradewind.contexts.identity.revoke_token.command import revoke_token
from tradewind.contexts.identity.revoke_token.rest import revoke_token_route
from tradewind.contexts.identity.rotate_keys.command import RotateKeys, rotate_keys
from tradewind.contexts.identity.rotate_keys.timer import LOOK_EVERY_S, rotate_by_age
from tradewind.contexts.identity.send_mail.saga import SEND_MAIL
from tradewind.contexts.identity.session_check import session_check
from tradewind.contexts.identity.set_roles.command import set_roles
from tradewind.contexts.identity.set_roles.rest import set_roles_route
from tradewind.contexts.identity.unlock_user.command import unlock_user
from tradewind.contexts.identity.unlock_user.rest import unlock_user_route
from tradewind.contexts.identity.verify_email.command import verify_email
from tradewind.contexts.identity.verify_email.rest import verify_email_route
from tradewind.contracts.identity import AccountsPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.manifest import Manifest
from tradewind.runtime.timers import Timer

__all__ = ["MANIFEST", "MAX_TRIES", "RotateKeys", "SigningKeys", "create_first_admin", "session_check"]

PURGE_EVERY_S: Final = 600.0
LONGEST_WINDOW_S: Final = max(TRIES_WINDOW_S, MAILS_WINDOW_S)


async def purge(tx: Tx) -> int:
    """Forget what has expired."""
    return await sessions.purge(tx) + await attempts.purge(tx, LONGEST_WINDOW_S) + await mail_tokens.purge(tx)


MANIFEST = Manifest(
    name="identity",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        issue_guest_token, begin_login, open_session, turn_refresh_token, revoke_token, publish_keys,
        publish_configuration, rotate_keys, register_user, verify_email, ask_for_reset, check_reset, reset_password,
        get_own_user, change_password, get_own_account, list_sessions, end_session, end_other_sessions, list_roles,
        invite_user, get_user, list_users, set_roles, disable_user, enable_user, unlock_user,
        admit_outsider, end_outside_session,
    ),
    routes=(
        register, verify_email_route, issue_guest_token_route, issue_token, revoke_token_route, ask_for_reset_route,
        reset_password_route, change_password_route, get_own_account_route, list_sessions_route, end_session_route,
        end_other_sessions_route, get_key_set, get_issuer_configuration, list_roles_route, invite_user_route,
        list_users_route, get_user_route, set_roles_route, disable_user_route, enable_user_route, unlock_user_route,
        backchannel_logout_route,
    ),
    listeners=(on_session_revoked,),
    sagas=(SEND_MAIL,),
    timers=(
        Timer("identity.purge", PURGE_EVERY_S, purge),
        Timer("identity.rotate_keys", LOOK_EVERY_S, rotate_by_age),
    ),
    peers={AccountsPeer: Accounts()},
    personal_data=AccountData(),
)  # fmt: skip
