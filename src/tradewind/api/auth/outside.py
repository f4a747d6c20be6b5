"""Access tokens of an outside issuer (OpenID Connect): verified as strictly as ours, and made into actors like ours.

Whose token it is, where it may be used and by which algorithms it is signed is settled here and by the issuer's
published keys, never by the token. Subjects and sessions become ids that none of our own can ever be, so nobody there
is somebody here by choosing a name. Roles are given by a table; a role that is not in it counts for nothing, and a
token without any that counts is refused.
"""

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Container, Mapping
from typing import Any, Final, Protocol
from uuid import NAMESPACE_URL, uuid5

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from msgspec import Struct

from tradewind.api.auth.revocation import ACCESS_LIFETIME_S, SKEW_S
from tradewind.api.auth.tokens import (
    MAX_TOKEN_BYTES,
    REMEMBERED_TOKENS,
    TOKEN_TYPE,
    Header,
    TokenExpired,
    TokenInvalid,
    TokenRevoked,
)
from tradewind.contracts.identity import SCOPES
from tradewind.kernel import clock
from tradewind.runtime.call import Actor

ALGORITHMS: Final = frozenset({"RS256", "PS256", "ES256", "ES384", "ES512"})
"""Signatures by a key of which only the public half is known here; neither HS* nor none."""
LOGOUT: Final = "http://schemas.openid.net/event/backchannel-logout"
ROLES: Final = frozenset(SCOPES) - {"guest"}
"""What an outside role can be here. A guest is somebody whom the shop itself knows nothing of."""
MAX_ROLES: Final = 200
SCOPE_WORDS: Final = frozenset(scope for scopes in SCOPES.values() for scope in scopes) - {"*"}
Learn = Callable[[], Awaitable[None]]


class KeyUnknown(TokenInvalid):
    """The token is signed by a key that is not known yet. Once `learn` has asked the issuer it is worth another look.

    It raises TokenInvalid where there is no such key, Unavailable where the issuer cannot be asked.
    """

    def __init__(self, learn: Learn | None = None) -> None:
        super().__init__()
        self._learn = learn

    async def learn(self) -> None:
        """Ask the issuer for it."""
        if self._learn is None:
            raise TokenInvalid
        await self._learn()


class OutsideKey(Struct, frozen=True):
    """A public key and the one algorithm that it is good for."""

    key: Any
    algorithm: str


class OutsideKeys(Protocol):
    """The published keys of an issuer, as far as they are known."""

    def get(self, kid: str, /) -> OutsideKey | None:
        """The key of that id, or None. Asks nobody."""
        ...

    async def learn(self, kid: str) -> None:
        """Ask the issuer; TokenInvalid where it has no such key, Unavailable where it cannot be asked."""
        ...


class Outsider(Struct, frozen=True, kw_only=True):
    """What the issuer says of somebody, beside what an actor is. `email`: where it says that it is theirs."""

    issuer: str
    email: str | None = None


class OutsideActor(Actor, frozen=True, kw_only=True):
    """One who acts by a token of an outside issuer. Subject and session are ids of ours."""

    outsider: Outsider


class _Granted(Struct, frozen=True):
    roles: list[str] = []


class _Claims(Struct, frozen=True, kw_only=True):
    iss: str
    aud: str | list[str]
    sub: str
    exp: int
    iat: int
    nbf: int = 0
    typ: str = ""
    sid: str | None = None
    jti: str | None = None
    scope: str = ""
    tenant: str = "default"
    email: str | None = None
    email_verified: bool = False
    realm_access: _Granted = _Granted()
    resource_access: dict[str, _Granted] = {}
    events: dict[str, Any] = {}
    nonce: str | None = None


class Expected(Struct, frozen=True, kw_only=True):
    """What tokens must be. `clients`: whose sessions the issuer tells the end of. `roles`: theirs to ours."""

    issuer: str
    audience: str
    clients: tuple[str, ...]
    roles: Mapping[str, str]


_header = msgspec.json.Decoder(Header)


def user_id(issuer: str, subject: str) -> str:
    """The id that somebody of that issuer has here (version 5: none of our own ids is)."""
    return str(uuid5(NAMESPACE_URL, f"{issuer}#user:{subject}"))


def session_id(issuer: str, session: str) -> str:
    """The id that a session of that issuer has here."""
    return str(uuid5(NAMESPACE_URL, f"{issuer}#session:{session}"))


class OutsideTokens:
    """Turns an outside token into its actor, or refuses (TokenInvalid, TokenExpired, TokenRevoked, KeyUnknown)."""

    def __init__(self, keys: OutsideKeys, expected: Expected, *, revoked: Container[str]) -> None:
        self._keys, self._expected, self._revoked = keys, expected, revoked
        self._known: OrderedDict[bytes, tuple[OutsideActor, int, str]] = OrderedDict()

    def __call__(self, token: bytes) -> OutsideActor:
        """The actor of a valid access token."""
        digest = hashlib.sha256(token).digest()
        kid, actor, expires = "", None, 0
        if known := self._known.get(digest):
            actor, expires, kid = known
            if self._keys.get(kid) is None:
                del self._known[digest]
                raise TokenInvalid
        else:
            kid, kind, claims = self._read(token)
            actor, expires = self._actor(kind, claims), claims.exp
            self._known[digest] = actor, expires, kid
            if len(self._known) > REMEMBERED_TOKENS:
                self._known.popitem(last=False)
        if clock.now().timestamp() >= expires:
            del self._known[digest]
            raise TokenExpired
        if actor.session in self._revoked:
            raise TokenRevoked
        return actor

    def logged_out(self, token: bytes) -> OutsideActor:
        """Whose session ended, by a logout token (OpenID Connect Back-Channel Logout, 2.4). It must name both."""
        kind, claims = self._read(token)[1:]
        if kind not in ("jwt", "logout+jwt") or claims.typ not in ("", "Logout") or claims.nonce is not None:
            raise TokenInvalid
        if LOGOUT not in claims.events or claims.sid is None or not {*self._expected.clients} & _audience(claims):
            raise TokenInvalid
        if clock.now().timestamp() >= claims.exp:
            raise TokenExpired
        return self._somebody(claims, claims.sid, frozenset({"customer"}))

    def _read(self, token: bytes) -> tuple[str, str, _Claims]:
        """Key, type and claims of a token that is signed, by this issuer, and not from the future."""
        if len(token) > MAX_TOKEN_BYTES or token.count(b".") != 2:
            raise TokenInvalid
        head, said = token.split(b".")[:2]
        try:
            header = _header.decode(_unpacked(head))
            foreign = msgspec.json.decode(_unpacked(said), type=_Claims).iss != self._expected.issuer
        except ValueError:  # msgspec's and base64's errors are ValueErrors
            raise TokenInvalid from None
        if foreign or header.alg not in ALGORITHMS:
            raise TokenInvalid
        known = self._keys.get(header.kid)
        if known is None:
            raise KeyUnknown(lambda: self._keys.learn(header.kid))
        if known.algorithm != header.alg:
            raise TokenInvalid
        try:
            decoded = jwt.decode(token, known.key, algorithms=[known.algorithm])
            claims = msgspec.convert(decoded.claims, _Claims)
        except (JoseError, ValueError, TypeError):
            raise TokenInvalid from None
        latest = clock.now().timestamp() + SKEW_S
        if claims.iss != self._expected.issuer or not claims.sub or max(claims.nbf, claims.iat) > latest:
            raise TokenInvalid
        return header.kid, header.typ.lower().removeprefix("application/"), claims

    def _actor(self, kind: str, claims: _Claims) -> OutsideActor:
        """An ID token is none, nor is one that is good for longer than the end of a session is remembered."""
        if kind != TOKEN_TYPE and not (kind == "jwt" and claims.typ == "Bearer"):
            raise TokenInvalid
        if self._expected.audience not in _audience(claims) or claims.exp - claims.iat > ACCESS_LIFETIME_S:
            raise TokenInvalid
        session = claims.sid or (f"token:{claims.jti}" if claims.jti else None)
        roles = self._roles(claims)
        if session is None or not roles:
            raise TokenInvalid
        return self._somebody(claims, session, roles)

    def _roles(self, claims: _Claims) -> frozenset[str]:
        here = claims.resource_access.get(self._expected.audience, _Granted())
        theirs = [*claims.realm_access.roles, *here.roles][:MAX_ROLES]
        return frozenset(self._expected.roles[one] for one in theirs if one in self._expected.roles) & ROLES

    def _somebody(self, claims: _Claims, session: str, roles: frozenset[str]) -> OutsideActor:
        granted = frozenset(scope for role in roles for scope in SCOPES[role])
        asked = SCOPE_WORDS & {*claims.scope.split()}
        scopes = granted if not asked else asked if "*" in granted else asked & granted
        if not scopes:
            raise TokenInvalid
        issuer = self._expected.issuer
        email = claims.email.strip().lower() if claims.email and claims.email_verified else None
        return OutsideActor(
            subject=user_id(issuer, claims.sub),
            roles=roles,
            scopes=scopes,
            tenant=claims.tenant,
            session=session_id(issuer, session),
            outsider=Outsider(issuer=issuer, email=email),
        )


class EitherTokens:
    """Our tokens, and an outside issuer's."""

    def __init__(self, ours: Callable[[bytes], Actor], outside: OutsideTokens) -> None:
        self._ours, self._outside = ours, outside

    def __call__(self, token: bytes) -> Actor:
        """The actor of a valid token of either."""
        try:
            return self._ours(token)
        except (TokenExpired, TokenRevoked):
            raise
        except TokenInvalid:
            return self._outside(token)


async def verified(verify: Callable[[bytes], Actor], token: bytes) -> Actor:
    """The actor of a token, also where its key has to be learned first."""
    try:
        return verify(token)
    except KeyUnknown as unknown:
        await unknown.learn()
        return verify(token)


def _audience(claims: _Claims) -> set[str]:
    return {claims.aud} if isinstance(claims.aud, str) else {*claims.aud}


def _unpacked(segment: bytes) -> bytes:
    return base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
