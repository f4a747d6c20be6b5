"""The signing keys of a home: files that only their owner can read, and the tokens they sign.

The folder says everything: of `signing-0001.pem`, `signing-0002.pem`, … the last is the *next* key, published before it
signs, so that whoever caches our keys knows it in time; the one before it is the *current* key, which signs; older ones
are *retired* and verify until no token of theirs can be good. Making one more file is the whole rotation, so it happens
whole or not at all, and once however many want it. Running processes see it within RELOAD_S.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey
from msgspec import Struct

from tradewind.api.auth.outside import EitherTokens, KeyUnknown, OutsideActor, OutsideTokens
from tradewind.api.auth.revocation import RevokedSessions
from tradewind.api.auth.tokens import ALGORITHM, TOKEN_TYPE, Claims, TokenInvalid, TokenVerifier
from tradewind.contexts.identity._domain import key_files
from tradewind.contracts.identity import AUDIENCE
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import Actor

RELOAD_S: Final = 2.0
"""A key that is not known is looked for in the folder, at most this often: tokens of strangers cost no reading."""
FRESH_S: Final = 30.0
"""What is known is read again after this, so that a key whose file was taken away verifies no longer than that."""


class Rotation(Struct, frozen=True, kw_only=True):
    """What a rotation did. Ids of keys (JWK thumbprints)."""

    rotated: bool
    current: str
    next: str
    removed: int


class SigningKeys:
    """The keys of one home in one process; signs with the current one and knows the others."""

    def __init__(self, folder: Path, *, issuer: str, revoked: RevokedSessions | None = None) -> None:
        self.issuer = issuer
        self.revoked = RevokedSessions() if revoked is None else revoked
        self._folder = folder
        self._outside: OutsideTokens | None = None
        self._verify = TokenVerifier(self, issuer=issuer, audience=AUDIENCE, revoked=self.revoked)
        self._read()

    @classmethod
    def open(cls, folder: Path, *, issuer: str) -> "SigningKeys":
        """The keys of `folder`; makes the first ones. Of several processes that start at once, one makes each."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key_files.begin(folder)
        return cls(folder, issuer=issuer)

    def _read(self) -> None:
        self._read_at = clock.now().timestamp()
        found = [ECKey.import_key(content) for content in key_files.read(self._folder)]
        assert found, "a home has at least one signing key"
        self._keys = {key.thumbprint(): key for key in found}
        self._next = list(self._keys)[-1]
        self._current = list(self._keys)[-2:][0]

    def _read_after(self, seconds: float) -> None:
        if abs(clock.now().timestamp() - self._read_at) >= seconds:
            self._read()

    def get(self, kid: str, /) -> ECKey | None:
        """The key of that id; looks into the folder again for one that is not known."""
        self._read_after(FRESH_S if kid in self._keys else RELOAD_S)
        return self._keys.get(kid)

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
        """A signed access token that expires `lifetime_s` from now, and with its session."""
        self._read_after(RELOAD_S)
        issued = int(clock.now().timestamp())
        claims = Claims(
            iss=self.issuer,
            aud=AUDIENCE,
            sub=subject,
            iat=issued,
            nbf=issued,
            exp=issued + lifetime_s,
            jti=str(new_id()),
            roles=list(roles),
            scope=" ".join(scopes),
            tenant=tenant,
            sid=session,
        )
        said = {name: value for name, value in msgspec.to_builtins(claims).items() if value is not None}
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": self._current}
        return jwt.encode(header, said, self._keys[self._current], algorithms=[ALGORITHM])

    def key_set(self) -> Mapping[str, Any]:
        """The public keys, as a JWK Set: the retired ones, the current one, the next one."""
        self._read_after(RELOAD_S)
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}
                for kid, key in self._keys.items()
            ]
        }

    def rotate(self, *, older_than_s: float = 0.0) -> Rotation:
        """Let the next key sign, where the current one has signed for `older_than_s`; remove what verifies nothing."""
        rotated = key_files.rotate(self._folder, older_than_s=older_than_s)
        removed = key_files.remove_expired(self._folder)
        self._read()
        return Rotation(rotated=rotated, current=self._current, next=self._next, removed=removed)

    def trust(self, outside: OutsideTokens) -> None:
        """From now on the tokens of an outside issuer are as good as those that these keys sign."""
        self._outside = outside

    def verifier(self) -> Callable[[bytes], Actor]:
        """What verifies the tokens that these keys sign, and those of an outside issuer that is trusted."""
        return self._verify if self._outside is None else EitherTokens(self._verify, self._outside)

    def outsider_of(self, token: str) -> OutsideActor | None:
        """Whose token of a trusted outside issuer it is; None where it is not good. Raises KeyUnknown."""
        try:
            return None if self._outside is None else self._outside(token.encode())
        except KeyUnknown:
            raise
        except TokenInvalid:
            return None

    def logged_out(self, token: str) -> OutsideActor:
        """Whose session ended, by a logout token of the outside issuer; refuses TokenInvalid, KeyUnknown."""
        if self._outside is None:
            raise TokenInvalid
        return self._outside.logged_out(token.encode())

    def guest_of(self, token: str) -> str | None:
        """The guest whose token it is; None where it is nobody's, or not a guest's."""
        try:
            actor = self._verify(token.encode())
        except TokenInvalid:
            return None
        return actor.subject if actor.roles == {"guest"} else None

    def session_of(self, token: str) -> tuple[str, str] | None:
        """Subject and session of an access token; None where it is not good, or of no session."""
        try:
            actor = self._verify(token.encode())
        except TokenInvalid:
            return None
        return (actor.subject, actor.session) if actor.session else None
