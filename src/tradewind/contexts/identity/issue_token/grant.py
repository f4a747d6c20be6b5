"""Grants a token for a password or for a refresh token. Neither is in any command, log, audit entry or table."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.identity._domain import passwords
from tradewind.contexts.identity._domain.grants import (
    AccessToken,
    IncompleteGrant,
    InvalidGrant,
    UnsupportedGrantType,
)
from tradewind.contexts.identity._domain.users import User
from tradewind.contexts.identity._store import sessions
from tradewind.contexts.identity.issue_token.command import BeginLogin, OpenSession, Tried, TurnRefreshToken
from tradewind.contracts.messages import Command
from tradewind.runtime.call import Call, internal_call

REFRESH_TOKEN_BYTES: Final = 32
Dispatch = Callable[[Command, Call], Awaitable[Any]]


class Grant(Struct, frozen=True, kw_only=True):
    """What a client shows for a token (RFC 6749, 4.3.2 and 6).

    `guestToken`: the access token with which the same person shopped as a guest; what was the guest's becomes theirs.
    """

    grant_type: str
    username: str | None = None
    password: str | None = None
    refresh_token: str | None = None
    scope: str | None = None
    guest_token: str | None = msgspec.field(default=None, name="guestToken")

    def __post_init__(self) -> None:
        longest = {"username": 254, "password": 1024, "refresh_token": 255, "scope": 1024, "guest_token": 4096}
        for name, characters in longest.items():
            if len(getattr(self, name) or "") > characters:
                raise ValueError(f"{name} is longer than {characters} characters")


async def granted(grant: Grant, call: Call, dispatch: Dispatch) -> AccessToken:
    """A token for the grant; refuses a kind of Invalid, or TooManyLogins."""
    own = own_call(call)
    if grant.grant_type == "password":
        return await _by_password(grant, own, dispatch)
    if grant.grant_type == "refresh_token":
        return await _by_refresh_token(grant, own, dispatch)
    raise UnsupportedGrantType


def own_call(call: Call) -> Call:
    """A call that the shop makes itself on behalf of somebody who is yet to show who they are."""
    own = internal_call("identity", correlation_id=call.correlation_id, trace_id=call.trace_id)
    return replace(own, device=call.device)


async def proved(login: str, password: str, own: Call, dispatch: Dispatch) -> User | None:
    """The user whose password it is, or None. Every try counts; refuses TooManyLogins."""
    tried: Tried = await dispatch(BeginLogin(login=login), own)
    if tried.locked_for_s:
        raise passwords.TooManyLogins(retry_after_s=tried.locked_for_s)
    right = await passwords.matches(tried.user.password_hash if tried.user else None, password)
    return tried.user if right else None


async def _by_password(grant: Grant, own: Call, dispatch: Dispatch) -> AccessToken:
    if not grant.username or not grant.password:
        raise IncompleteGrant("username and password are needed.")
    user = await proved(grant.username.strip().lower(), grant.password, own, dispatch)
    if user is None:
        raise InvalidGrant
    refresh_token = secrets.token_urlsafe(REFRESH_TOKEN_BYTES)
    opening = OpenSession(
        user_id=user.id,
        password_hash=user.password_hash,
        scope=grant.scope,
        token_digest=sessions.digest(refresh_token),
        device=own.device,
        guest_token=grant.guest_token,
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
