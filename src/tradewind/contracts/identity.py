"""Who there is to be: roles and the scopes that come with them, and what issues tokens."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "guest": ("order:write", "order:read", "catalog:read"),
    "customer": ("order:write", "order:read", "catalog:read"),
    "warehouse": ("inventory:write", "shipping:write", "catalog:read"),
    "merchandiser": ("catalog:write", "pricing:write", "catalog:read"),
    "support": ("order:read", "order:cancel", "payment:read", "catalog:read"),
    "admin": ("*",),
}
"""What a token of each role carries when nothing narrower is asked for: the role's permissions in the policy."""

AUDIENCE: Final = "tradewind"


class TokenIssuer(Protocol):
    """Signs access tokens and publishes the keys that verify them. Answered to by the identity context."""

    issuer: str

    def sign(
        self, *, subject: str, roles: tuple[str, ...], scopes: tuple[str, ...], tenant: str, lifetime_s: int
    ) -> str:
        """A signed access token that expires `lifetime_s` from now."""
        ...

    def key_set(self) -> Mapping[str, Any]:
        """The public keys, as a JWK Set (RFC 7517)."""
        ...
