"""What is granted, and what is not."""

from collections.abc import Iterable

from msgspec import UNSET, Struct, UnsetType

from tradewind.contracts.identity import SCOPES
from tradewind.kernel.errors import Invalid


class AccessToken(Struct, frozen=True, kw_only=True):
    """A token response (RFC 6749, 5.1). `expires_in` is in seconds."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 -- a kind, not a secret
    expires_in: int
    refresh_token: str | UnsetType = UNSET
    scope: str


class InvalidGrant(Invalid):
    """The login, the password or the refresh token is not good, or not any more."""


class UnsupportedGrantType(Invalid):
    """This grant type is not offered; password and refresh_token are."""


class IncompleteGrant(Invalid):
    """The grant lacks a field."""


class InvalidScope(Invalid):
    """More is asked for than the account may do."""


def narrowed(roles: Iterable[str], asked: str | None) -> tuple[str, ...]:
    """The scopes to grant: all that come with the roles, or those asked for; refuses (InvalidScope) any others."""
    granted = {scope for role in roles for scope in SCOPES.get(role, ())}
    if not asked:
        return tuple(sorted(granted))
    known = {scope for scopes in SCOPES.values() for scope in scopes}
    wanted = set(asked.split())
    if not wanted or not wanted <= (known if "*" in granted else granted):
        raise InvalidScope(granted=sorted(granted))
    return tuple(sorted(wanted))
