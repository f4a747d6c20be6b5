"""Forged, foreign and worn-out tokens: every one is refused, on the first look and on the second (S2)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from tradewind.api.auth import tokens
from tradewind.api.auth.tokens import TokenExpired, TokenInvalid, TokenRevoked, TokenVerifier
from tradewind.kernel import clock

NOW = 1_800_000_000
KEY = ECKey.generate_key("P-256")
OTHER = ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)
HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
CLAIMS = {
    "iss": "https://shop", "aud": "tradewind", "sub": "c-1", "exp": NOW + 60, "iat": NOW, "nbf": NOW, "jti": "t-1",
    "roles": ["customer"], "scope": "order:read order:write", "tenant": "default",
}  # fmt: skip


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(value: object) -> str:
    return b64(json.dumps(value).encode())


def a_token(key: Any = KEY, *, header: dict[str, Any] | None = None, **claims: Any) -> bytes:
    """A signed token; a claim given as None is left out."""
    head = {**HEADER, **(header or {})}
    body = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
    return jws.serialize_compact(head, json.dumps(body).encode(), key, registry=registry).encode()


def by_hand(header: object, signature: bytes = b"") -> bytes:
    return f"{part(header)}.{part(CLAIMS)}.{b64(signature)}".encode()


def with_secret(secret: bytes) -> bytes:
    """HS256 with our public key as the secret: the classic confusion of algorithms."""
    signed = f"{part({**HEADER, 'alg': 'HS256'})}.{part(CLAIMS)}".encode()
    return signed + b"." + b64(hmac.new(secret, signed, hashlib.sha256).digest()).encode()


def tampered(token: bytes) -> bytes:
    head, _, signature = token.decode().split(".")
    return f"{head}.{part({**CLAIMS, 'roles': ['admin']})}.{signature}".encode()


FORGED: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "garbage": lambda: b"garbage",
    "two parts": lambda: b"a.b",
    "four parts": lambda: a_token() + b".x",
    "not base64": lambda: b"\xff\xfe.\x00.*",
    "header not JSON": f"{b64(b'no')}.{part(CLAIMS)}.".encode,
    "alg none": lambda: by_hand({**HEADER, "alg": "none"}),
    "alg None in capitals": lambda: by_hand({**HEADER, "alg": "nOnE"}),
    "alg a list": lambda: by_hand({**HEADER, "alg": ["ES256"]}),
    "alg missing": lambda: by_hand({"typ": "at+jwt", "kid": "k1"}),
    "no signature": lambda: by_hand(HEADER),
    "zero signature": lambda: by_hand(HEADER, bytes(64)),
    "long signature": lambda: by_hand(HEADER, bytes(1000)),
    "HS256 with the public key as PEM": lambda: with_secret(KEY.as_pem(private=False)),
    "HS256 with the public key as DER": lambda: with_secret(KEY.as_der(private=False)),
    "HS256 with the public key as JWK": lambda: with_secret(json.dumps(KEY.as_dict(private=False)).encode()),
    "HS256 with an empty secret": lambda: with_secret(b""),
    "HS256 by a key of its own": lambda: a_token(OctKey.generate_key(256), header={"alg": "HS256"}),
    "RS256": lambda: a_token(RSA, header={"alg": "RS256"}),
    "Ed25519": lambda: a_token(OKPKey.generate_key("Ed25519"), header={"alg": "Ed25519"}),
    "another key under a known kid": lambda: a_token(OTHER),
    "claims changed": lambda: tampered(a_token()),
    "unknown kid": lambda: a_token(header={"kid": "k2"}),
    "kid a path": lambda: a_token(header={"kid": "../../dev/null"}),
    "kid an SQL": lambda: a_token(header={"kid": "k1' OR '1'='1"}),
    "kid an address": lambda: a_token(header={"kid": "https://evil.example/key"}),
    "kid a number": lambda: by_hand({**HEADER, "kid": 1}),
    "kid missing": lambda: by_hand({"alg": "ES256", "typ": "at+jwt"}),
    "jku": lambda: a_token(header={"jku": "https://evil.example/jwks.json"}),
    "x5u": lambda: a_token(header={"x5u": "https://evil.example/cert"}),
    "jwk": lambda: a_token(OTHER, header={"jwk": OTHER.as_dict(private=False)}),
    "crit": lambda: by_hand({**HEADER, "crit": ["exp"]}),
    "b64 false": lambda: by_hand({**HEADER, "b64": False, "crit": ["b64"]}),
    "typ an ID token": lambda: a_token(header={"typ": "JWT"}),
    "typ a refresh token": lambda: a_token(header={"typ": "rt+jwt"}),
    "typ missing": lambda: by_hand({"alg": "ES256", "kid": "k1"}),
    "wrong iss": lambda: a_token(iss="https://evil.example"),
    "iss missing": lambda: a_token(iss=None),
    "wrong aud": lambda: a_token(aud="another shop"),
    "aud a list": lambda: a_token(aud=["tradewind", "another shop"]),
    "aud missing": lambda: a_token(aud=None),
    "expired": lambda: a_token(exp=NOW),
    "expired long ago": lambda: a_token(exp=1),
    "exp missing": lambda: a_token(exp=None),
    "exp a text": lambda: a_token(exp="9999999999"),
    "exp infinite": lambda: a_token(exp=float("inf")),
    "exp true": lambda: a_token(exp=True),
    "not yet": lambda: a_token(nbf=NOW + 30),
    "sub missing": lambda: a_token(sub=None),
    "sub empty": lambda: a_token(sub=""),
    "sub a list": lambda: a_token(sub=["c-1", "c-2"]),
    "roles a text": lambda: a_token(roles="admin"),
    "roles missing": lambda: a_token(roles=None),
    "the shop's own role": lambda: a_token(roles=["system"]),
    "scope missing": lambda: a_token(scope=None),
    "scope empty": lambda: a_token(scope=" "),
    "huge": lambda: a_token(sub="x" * 5000),
    "100 KB": lambda: b"." + b"a" * 100_000 + b".",
    "deep header": f"{b64(b'[' * 2000)}.{part(CLAIMS)}.".encode,
}


@pytest.fixture(autouse=True)
def _held_clock() -> Iterator[None]:
    with at(NOW):
        yield


def at(seconds: float) -> AbstractContextManager[None]:
    return clock.held(datetime.fromtimestamp(seconds, UTC))


def a_verifier() -> TokenVerifier:
    return TokenVerifier({"k1": KEY}, issuer="https://shop", audience="tradewind")


@pytest.mark.parametrize("_case", FORGED)
def test_a_forged_token_is_refused_also_the_second_time(_case: str) -> None:
    verify, token = a_verifier(), FORGED[_case]()
    for _ in range(2):
        with pytest.raises(TokenInvalid):
            verify(token)


def test_a_good_token_says_who_acts() -> None:
    actor = a_verifier()(a_token(roles=["customer", "support"], tenant="acme"))
    assert (actor.subject, actor.tenant) == ("c-1", "acme")
    assert actor.roles == {"customer", "support"}
    assert actor.scopes == {"order:read", "order:write"}


def test_a_remembered_token_is_refused_from_the_second_of_its_expiry() -> None:
    verify, token = a_verifier(), a_token(exp=NOW + 60)
    assert verify(token) is verify(token)
    with at(NOW + 59.9):
        assert verify(token).subject == "c-1"
    for _ in range(2):
        with at(NOW + 60), pytest.raises(TokenExpired):
            verify(token)


def test_no_more_tokens_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_TOKENS", 3)
    verify = a_verifier()
    for n in range(6):
        verify(a_token(jti=str(n)))
    assert len(verify._known) == 3


def test_a_key_that_was_taken_away_verifies_nothing_new() -> None:
    keys = {"k1": KEY}
    verify = TokenVerifier(keys, issuer="https://shop", audience="tradewind")
    verify(a_token())
    del keys["k1"]
    with pytest.raises(TokenInvalid):
        verify(a_token(jti="another"))


SESSION = "0190a0a0-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    "sid", ["", "x", "../../etc/passwd", "' OR 1=1", SESSION.upper(), SESSION + "\n", 7, [SESSION]]
)
def test_a_session_that_could_not_be_ours_is_refused(sid: object) -> None:
    with pytest.raises(TokenInvalid):
        a_verifier()(a_token(sid=sid))


def test_a_remembered_token_is_refused_from_the_moment_its_session_ends() -> None:
    revoked: set[str] = set()
    verify = TokenVerifier({"k1": KEY}, issuer="https://shop", audience="tradewind", revoked=revoked)
    token, other, guest = a_token(sid=SESSION), a_token(sid=SESSION[:-1] + "2"), a_token()
    assert verify(token).session == SESSION
    revoked.add(SESSION)
    for one in (token, a_token(sid=SESSION, jti="another")):
        for _ in range(2):
            with pytest.raises(TokenRevoked):
                verify(one)
    assert verify(other).session == SESSION[:-1] + "2"
    assert verify(guest).session is None
