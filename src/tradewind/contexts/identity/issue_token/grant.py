"""Grants a token for a password or for a refresh token. Neither is in any command, log, audit entry or table."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.identity._domain import passwords
from tradewind.contexts.identity._domain.grants import (
    AccessToken,
    IncompleteGrant,
    InvalidGrant,
    UnsupportedGrantType,
    narrowed,
)
from tradewind.contexts.identity._store import sessions
from tradewind.contexts.identity.issue_token.command import BeginLogin, OpenSession, TurnRefreshToken
from tradewind.contracts.messages import Command
from tradewind.runtime.call import Call, internal_call

REFRESH_TOKEN_BYTES: Final = 32
Dispatch = Callable[[Command, Call], Awaitable[Any]]


class Grant(Struct, frozen=True, kw_only=True):
    """What a client shows for a token (RFC 6749, 4.3.2 and 6)."""

    grant_type: str
    username: str | None = None
    password: str | None = None
    refresh_token: str | None = None
    scope: str | None = None

    def __post_init__(self) -> None:
        for name, longest in (("username", 254), ("password", 1024), ("refresh_token", 255), ("scope", 1024)):
            if len(getattr(self, name) or "") > longest:
                raise ValueError(f"{name} is longer than {longest} characters")


async def granted(grant: Grant, call: Call, dispatch: Dispatch) -> AccessToken:
    """A token for the grant; refuses a kind of Invalid, or TooManyLogins."""
    own = internal_call("identity", correlation_id=call.correlation_id, trace_id=call.trace_id)
    if grant.grant_type == "password":
        return await _by_password(grant, own, dispatch)
    if grant.grant_type == "refresh_token":
        return await _by_refresh_token(grant, own, dispatch)
    raise UnsupportedGrantType


async def _by_password(grant: Grant, own: Call, dispatch: Dispatch) -> AccessToken:
    if not grant.username or not grant.password:
        raise IncompleteGrant("username and password are needed.")
    login = grant.username.strip().lower()
    account = await dispatch(BeginLogin(login=login), own)
    if not await passwords.matches(account and account.password_hash, grant.password):
        raise InvalidGrant
    refresh_token = secrets.token_urlsafe(REFRESH_TOKEN_BYTES)
    opening = OpenSession(
        login=login,
        account_id=account.id,
        roles=account.roles,
        scopes=narrowed(account.roles, grant.scope),
        tenant=account.tenant,
        token_digest=sessions.digest(refresh_token),
    )
    access: AccessToken = await dispatch(opening, own)
    return replace(access, refresh_token=refresh_token)


async def _by_refresh_token(grant: Grant, own: Call, dispatch: Dispatch) -> AccessToken:
    if not grant.refresh_token:
        raise IncompleteGrant("refresh_token is needed.")
    refresh_token = secrets.token_urlsafe(REFRESH_TOKEN_BYTES)
    turning = TurnRefreshToken(spent=sessions.digest(grant.refresh_token), fresh=sessions.digest(refresh_token))
    access: AccessToken | None = await dispatch(turning, own)
    if access is None:
        raise InvalidGrant
    return replace(access, refresh_token=refresh_token)
