"""The signing keys of a home: files that only their owner can read, made once, and the tokens they sign."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey

from tradewind.api.auth.tokens import ALGORITHM, TOKEN_TYPE, Claims, TokenVerifier
from tradewind.contracts.identity import AUDIENCE
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id

CURVE: Final = "P-256"
FIRST_KEY: Final = "signing-0001.pem"


class SigningKeys:
    """Every key verifies; the last by name signs. To rotate, add the next file; to retire a key, remove its file."""

    def __init__(self, keys: Mapping[str, ECKey], *, issuer: str) -> None:
        assert keys, "a home has at least one signing key"
        self.issuer = issuer
        self._keys = dict(keys)
        self._kid = list(self._keys)[-1]

    @classmethod
    def open(cls, folder: Path, *, issuer: str) -> "SigningKeys":
        """The keys of `folder`; makes the first one. Of several processes that start at once, one makes it for all."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not any(folder.glob("signing-*.pem")):
            _make(folder / FIRST_KEY)
        found = [ECKey.import_key(path.read_bytes()) for path in sorted(folder.glob("signing-*.pem"))]
        return cls({key.thumbprint(): key for key in found}, issuer=issuer)

    def sign(
        self, *, subject: str, roles: tuple[str, ...], scopes: tuple[str, ...], tenant: str, lifetime_s: int
    ) -> str:
        """A signed access token that expires `lifetime_s` from now."""
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
        )
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": self._kid}
        return jwt.encode(header, msgspec.to_builtins(claims), self._keys[self._kid], algorithms=[ALGORITHM])

    def key_set(self) -> Mapping[str, Any]:
        """The public keys, as a JWK Set."""
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}
                for kid, key in self._keys.items()
            ]
        }

    def verifier(self) -> TokenVerifier:
        """What verifies the tokens that these keys sign."""
        return TokenVerifier(self._keys, issuer=self.issuer, audience=AUDIENCE)


def _make(path: Path) -> None:
    """Write a fresh key so that it is there whole or not at all, and never replaces another."""
    draft = path.with_suffix(f".{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(ECKey.generate_key(CURVE).as_pem(private=True))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # somebody else made it in the meantime; theirs is as good
    finally:
        draft.unlink()
