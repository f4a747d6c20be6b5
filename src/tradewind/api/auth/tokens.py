"""Access tokens (RFC 9068): verified against known keys only, and remembered until they expire.

Whatever a token says about how it should be verified (`alg`, `jku`, `jwk`, `x5u`, `crit`) is not followed but refused.
"""

import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from collections.abc import Container
from typing import Final, Protocol

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from msgspec import Struct

from tradewind.kernel import clock
from tradewind.kernel.errors import Unauthenticated
from tradewind.runtime.call import Actor

ALGORITHM: Final = "ES256"
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 -- a media type, not a secret
MAX_TOKEN_BYTES: Final = 4096
MAX_TOKEN_HEADER: Final = 8192
"""What of a header is looked at for a token."""
REMEMBERED_TOKENS: Final = 10_000
SESSION_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RESERVED_ROLES: Final = frozenset({"system", "anonymous"})
"""Roles that no token may carry: the shop's own, and that of who has none."""


class TokenInvalid(Unauthenticated):
    """The token is not one of ours, or not for here, or not any more."""


class TokenExpired(TokenInvalid):
    """The token has expired."""


class TokenRevoked(TokenInvalid):
    """The session that this token belongs to has ended."""


class Header(Struct, frozen=True, forbid_unknown_fields=True):
    """The only header that our tokens have; a member more is a token of somebody else."""

    alg: str
    typ: str
    kid: str


class Claims(Struct, frozen=True, kw_only=True):
    """What our tokens say (S1-116). Times are seconds since 1970."""

    iss: str
    aud: str
    sub: str
    exp: int
    iat: int
    jti: str
    roles: list[str]
    scope: str
    nbf: int = 0
    tenant: str = "default"
    sid: str | None = None

    def actor(self) -> Actor:
        """The one who acts by this token."""
        return Actor(
            subject=self.sub,
            roles=frozenset(self.roles),
            scopes=frozenset(self.scope.split()),
            tenant=self.tenant,
            session=self.sid,
        )


_header = msgspec.json.Decoder(Header)


class Keys(Protocol):
    """Public keys by their ids; what is there may change meanwhile."""

    def get(self, kid: str, /) -> ECKey | None:
        """The key of that id, or None."""
        ...


class TokenVerifier:
    """Turns a bearer token into its actor, or refuses (TokenInvalid, TokenExpired, TokenRevoked).

    A token that was verified once is known by its SHA-256 until it expires, at most REMEMBERED_TOKENS of them. Whether
    its session has ended (`revoked`) and its key is still ours is asked each time.
    """

    def __init__(self, keys: Keys, *, issuer: str, audience: str, revoked: Container[str] = frozenset()) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._revoked = revoked
        self._known: OrderedDict[bytes, tuple[Actor, int, str]] = OrderedDict()

    def __call__(self, token: bytes) -> Actor:
        """The actor of a valid token."""
        digest = hashlib.sha256(token).digest()
        seconds = clock.now().timestamp()
        if known := self._known.get(digest):
            actor, expires, kid = known
            if seconds < expires and self._keys.get(kid) is not None:
                self._known.move_to_end(digest)
                return self._unrevoked(actor)
            del self._known[digest]
            raise TokenExpired if seconds >= expires else TokenInvalid
        if len(token) > MAX_TOKEN_BYTES or token.count(b".") != 2:
            raise TokenInvalid
        kid, key = self._key(token.partition(b".")[0])
        claims = self._claims(token, key)
        self._check(claims, seconds)
        actor = claims.actor()
        self._known[digest] = actor, claims.exp, kid
        if len(self._known) > REMEMBERED_TOKENS:
            self._known.popitem(last=False)
        return self._unrevoked(actor)

    def _unrevoked(self, actor: Actor) -> Actor:
        if actor.session in self._revoked:
            raise TokenRevoked
        return actor

    def _claims(self, token: bytes, key: ECKey) -> Claims:
        try:
            decoded = jwt.decode(token, key, algorithms=[ALGORITHM])
            return msgspec.convert(decoded.claims, Claims)
        except (JoseError, ValueError, TypeError):  # msgspec's errors are ValueErrors
            raise TokenInvalid from None

    def _key(self, segment: bytes) -> tuple[str, ECKey]:
        try:
            header = _header.decode(base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4)))
        except (ValueError, binascii.Error):
            raise TokenInvalid from None
        if header.alg != ALGORITHM or header.typ.lower() != TOKEN_TYPE:
            raise TokenInvalid
        key = self._keys.get(header.kid)
        if key is None:
            raise TokenInvalid
        return header.kid, key

    def _check(self, claims: Claims, seconds: float) -> None:
        if claims.iss != self._issuer or claims.aud != self._audience:
            raise TokenInvalid
        if seconds < claims.nbf or not claims.sub or not claims.scope.strip() or RESERVED_ROLES & {*claims.roles}:
            raise TokenInvalid
        if claims.sid is not None and not SESSION_ID.fullmatch(claims.sid):
            raise TokenInvalid
        if seconds >= claims.exp:
            raise TokenExpired
