"""Who there is to be: roles and the scopes that come with them, and what issues tokens."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Protocol

from tradewind.contracts.messages import Event

SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "guest": ("order:write", "order:read", "catalog:read", "cart:write"),
    "customer": (
        "order:write", "order:read", "catalog:read", "cart:write", "review:write",
        "customer:read", "customer:write", "session:write",
    ),
    "warehouse": ("inventory:write", "shipping:write", "catalog:read", "session:write"),
    "merchandiser": (
        "catalog:write", "pricing:write", "catalog:read", "review:moderate", "customer:group", "session:write",
        "analytics:read",
    ),
    "support": (
        "order:read", "order:cancel", "payment:read", "catalog:read", "cart:read", "customer:read",
        "customer:group", "customer:privacy", "review:moderate", "session:write", "notification:read",
        "order:search",
    ),
    "admin": ("*",),
}  # fmt: skip
"""What a token of each role carries when nothing narrower is asked for: the role's permissions in the policy."""

AUDIENCE: Final = "tradewind"


class TokenIssuer(Protocol):
    """Signs access tokens and publishes the keys that verify them. Answered to by the identity context."""

    issuer: str

    def sign(
        self,
        *,
        subject: str,
        roles: tuple[str, ...],
        scopes: tuple[str, ...],
        tenant: str,
        lifetime_s: int,
        session: str | None = None,
    ) -> str:
        """A signed access token that expires `lifetime_s` from now, and with its `session`."""
        ...

    def key_set(self) -> Mapping[str, Any]:
        """The public keys, as a JWK Set (RFC 7517)."""
        ...

    def guest_of(self, token: str) -> str | None:
        """The guest whose access token it is; None where it is nobody's, or not a guest's."""
        ...

    def session_of(self, token: str) -> tuple[str, str] | None:
        """Subject and session of an access token; None where it is not good, or of no session."""
        ...

    def outsider_of(self, token: str) -> Any:
        """Who acts by this access token of an outside issuer (api.auth.outside.OutsideActor); None where it is none."""
        ...

    def logged_out(self, token: str) -> Any:
        """Whose session ended, by a logout token of an outside issuer; refuses what is none."""
        ...

    def rotate(self, *, older_than_s: float = 0.0) -> Any:
        """Let the next key sign, where the current one has signed for `older_than_s` seconds."""
        ...


class UserRegistered(Event, frozen=True):
    """Somebody has an account. Who, but not by which name or address."""

    TYPE = "ecommerce.identity.user.registered.v1"
    KEY: ClassVar[str] = "user_id"
    user_id: str


class EmailProved(Event, frozen=True):
    """A user has shown that an address is theirs; `email_digest` is its pseudonym (contracts.privacy.Pseudonyms)."""

    TYPE = "ecommerce.identity.user.email_proved.v1"
    KEY: ClassVar[str] = "user_id"
    user_id: str
    email_digest: str


class SessionRevoked(Event, frozen=True):
    """The session's access tokens are no good any more, from now on."""

    TYPE = "ecommerce.identity.session.revoked.v1"
    KEY: ClassVar[str] = "user_id"
    user_id: str
    session_id: str


class GuestMerged(Event, frozen=True):
    """Who shopped as a guest has logged in: what was the guest's may become the user's."""

    TYPE = "ecommerce.identity.user.guest_merged.v1"
    KEY: ClassVar[str] = "user_id"
    user_id: str
    guest_id: str


class AccountsPeer(Protocol):
    """What other contexts may ask identity of an account. Answered to by the identity context."""

    async def addresses(self, tx: Any, user_id: str) -> tuple[str, ...]:
        """The e-mail addresses that a user has proved, in normal form; none of a guest or of who is unknown."""
        ...

    async def known_by(self, tx: Any, email: str) -> tuple[str, ...]:
        """The users who have proved this e-mail address, or for whom their issuer vouches; in normal form or not."""
        ...

    async def roles(self, tx: Any, user_id: str) -> frozenset[str]:
        """The roles of a user's account; none of a guest or of who is unknown."""
        ...
