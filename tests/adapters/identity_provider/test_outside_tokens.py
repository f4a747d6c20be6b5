"""Tokens of an outside issuer: forged, foreign, worn-out ones are refused, keys are learned, kept and let go."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.issuers import AUDIENCE, Issuer, an_issuer, signed
from tradewind.adapters.identity_provider import oidc
from tradewind.adapters.identity_provider.oidc import IssuerAway, IssuerKeys, issuer_keys, keys_in
from tradewind.api.auth.outside import ROLES, Expected, KeyUnknown, OutsideActor, OutsideTokens, verified
from tradewind.api.auth.tokens import TokenExpired, TokenInvalid, TokenRevoked
from tradewind.kernel import clock

STRANGER = RSAKey.generate_key(2048)
SAME = {role: role for role in ROLES}


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with an_issuer() as one:
        yield one


class Here:
    """What one process knows of the issuer."""

    def __init__(self, keys: IssuerKeys, verify: OutsideTokens, revoked: set[str]) -> None:
        self.keys, self.verify, self.revoked = keys, verify, revoked

    async def actor(self, token: str) -> OutsideActor:
        found = await verified(self.verify, token.encode())
        assert isinstance(found, OutsideActor)
        return found


@asynccontextmanager
async def here(issuer: Issuer, *, ask_every_s: float = 0.0, roles: Any = None) -> AsyncIterator[Here]:
    revoked: set[str] = set()
    expected = Expected(issuer=issuer.url, audience=AUDIENCE, clients=("web", AUDIENCE), roles=roles or SAME)
    async with issuer_keys(issuer.url, ask_every_s=ask_every_s) as keys:
        yield Here(keys, OutsideTokens(keys, expected, revoked=revoked), revoked)


def hmac_by(issuer: Issuer, secret: bytes) -> str:
    said = f"{part(issuer.header(alg='HS256'))}.{part(issuer.claims())}"
    return f"{said}.{part(hmac.new(secret, said.encode(), hashlib.sha256).digest())}"


def tampered(issuer: Issuer) -> str:
    head, _, signature = issuer.token().split(".")
    return f"{head}.{part(issuer.claims('admin'))}.{signature}"


def now() -> int:
    return int(clock.now().timestamp())


FORGED: dict[str, Callable[[Issuer], str]] = {
    "empty": lambda _: "",
    "garbage": lambda _: "a.b.c",
    "alg none": lambda one: f"{part(one.header(alg='none'))}.{part(one.claims())}.",
    "alg nOnE": lambda one: f"{part(one.header(alg='nOnE'))}.{part(one.claims())}.AAAA",
    "no signature": lambda one: f"{part(one.header())}.{part(one.claims())}.",
    "HS256 with the public key as PEM": lambda one: hmac_by(one, one.key.as_pem(private=False)),
    "HS256 with the public key as JWK": lambda one: hmac_by(one, json.dumps(one.key.as_dict(private=False)).encode()),
    "HS256 by a key of its own": lambda one: signed(OctKey.generate_key(256), one.header(alg="HS256"), one.claims()),
    "another algorithm of the same key": lambda one: one.token(header={"alg": "PS256"}),
    "another's key under a known kid": lambda one: signed(STRANGER, one.header(), one.claims()),
    "an unknown kid": lambda one: signed(STRANGER, one.header(kid="k"), one.claims()),
    "a kid that is a path": lambda one: one.token(header={"kid": "../../dev/null"}),
    "no kid": lambda one: one.token(header={"kid": None}),
    "jku": lambda one: signed(STRANGER, one.header(jku=f"{one.url}/certs"), one.claims()),
    "jwk": lambda one: signed(STRANGER, one.header(jwk=STRANGER.as_dict(private=False)), one.claims()),
    "x5u": lambda one: signed(STRANGER, one.header(x5u=f"{one.url}/cert"), one.claims()),
    "a jwk beside the right key": lambda one: one.token(header={"jwk": STRANGER.as_dict(private=False)}),
    "crit": lambda one: f"{part(one.header(crit=['b64'], b64=False))}.{part(one.claims())}.AAAA",
    "claims changed": tampered,
    "an ID token": lambda one: one.token(typ="ID"),
    "a refresh token": lambda one: one.token(typ="Refresh"),
    "of no type": lambda one: one.token(typ=None),
    "a logout token": lambda one: one.logout_token("ada", "session"),
    "another issuer": lambda one: one.token(iss="https://evil.example/realms/shop"),
    "another realm": lambda one: one.token(iss=f"{one.url}s"),
    "another audience": lambda one: one.token(aud="account"),
    "no audience": lambda one: one.token(aud=None),
    "no subject": lambda one: one.token(sub=None),
    "an empty subject": lambda one: one.token(sub=""),
    "expired": lambda one: one.token(exp=now(), iat=now() - 60),
    "never expires": lambda one: one.token(exp=None),
    "good for a day": lambda one: one.token(exp=now() + 86_400),
    "of tomorrow": lambda one: one.token(nbf=now() + 86_400),
    "made tomorrow": lambda one: one.token(iat=now() + 86_400, exp=now() + 86_500),
    "neither session nor id": lambda one: one.token(sid=None, jti=None),
    "no role": lambda one: one.token("offline_access"),
    "the shop's own role": lambda one: one.token("system"),
    "a guest": lambda one: one.token("guest"),
    "another client's role": lambda one: one.token("x", resource_access={"web": {"roles": ["admin"]}}),
    "roles in one word": lambda one: one.token(realm_access={"roles": "admin"}),
    "a scope that its role has not": lambda one: one.token("customer", scope="openid payment:read"),
    "huge": lambda one: one.token(note="x" * 5_000),
}


@pytest.mark.parametrize("_case", FORGED)
async def test_a_forged_token_is_refused_also_the_second_time(issuer: Issuer, _case: str) -> None:
    async with here(issuer) as process:
        await process.actor(issuer.token())
        token = FORGED[_case](issuer)
        for _ in range(2):
            with pytest.raises(TokenInvalid):
                await process.actor(token)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
async def test_a_token_says_who_acts_by_ids_that_are_ours(issuer: Issuer, algorithm: str) -> None:
    issuer.publish(algorithm)
    async with here(issuer) as process:
        claims: dict[str, Any] = {
            "sub": "ada",
            "sid": "s-1",
            "email": "Ada@Shop.test",
            "email_verified": True,
            "tenant": "acme",
        }
        actor = await process.actor(issuer.token("customer", "owner", **claims))
        again = await process.actor(issuer.token("customer", **claims))
        other = await process.actor(issuer.token("customer", sub="bob", sid="s-2", email="b@c.dd"))
    assert actor.roles == {"customer"}
    assert (actor.tenant, actor.outsider.email) == ("acme", "ada@shop.test")
    assert "order:write" in actor.scopes
    assert (actor.subject, actor.session) == (again.subject, again.session)
    assert {actor.subject, actor.session}.isdisjoint({other.subject, other.session})
    assert actor.subject[14] == "5", "an id of ours is of version 7"
    assert other.outsider.email is None, "nobody says that it is theirs"


async def test_roles_are_what_the_table_says_and_scopes_narrow_them(issuer: Issuer) -> None:
    async with here(issuer, roles={"clerk": "support", "boss": "admin"}) as process:
        clerk = await process.actor(issuer.token("clerk", "admin", "support"))
        boss = await process.actor(issuer.token("x", resource_access={AUDIENCE: {"roles": ["boss"]}}))
        narrow = await process.actor(issuer.token("boss", scope="openid order:read payment:read"))
    assert clerk.roles == {"support"}
    assert boss.roles == {"admin"}
    assert boss.scopes == {"*"}
    assert narrow.scopes == {"order:read", "payment:read"}


async def test_a_token_that_is_no_session_s_is_a_session_of_its_own(issuer: Issuer) -> None:
    async with here(issuer) as process:
        one, other = [await process.actor(issuer.token(sub="robot", sid=None)) for _ in range(2)]
        assert one.session
        assert other.session != one.session
        process.revoked.add(one.session)
        assert (await process.actor(issuer.token(sub="robot", sid=None))).subject == one.subject


async def test_a_token_that_was_good_is_refused_once_it_expired_or_its_session_ended(issuer: Issuer) -> None:
    async with here(issuer) as process:
        token, twin = issuer.token(), issuer.token()
        actor = await process.actor(token)
        process.revoked.add(actor.session or "")
        with pytest.raises(TokenRevoked):
            await process.actor(token)
        await process.actor(twin)
        with clock.held(clock.now() + timedelta(seconds=301)), pytest.raises(TokenExpired):
            await process.actor(twin)


async def test_a_key_is_learned_when_a_token_needs_it_and_all_who_wait_ask_once(issuer: Issuer) -> None:
    async with here(issuer) as process:
        assert issuer.times_asked == 0
        await asyncio.gather(*(process.actor(issuer.token()) for _ in range(20)))
        assert issuer.times_asked == 1
        issuer.publish("ES256")
        await asyncio.gather(*(process.actor(issuer.token()) for _ in range(20)))
        assert issuer.times_asked == 2


async def test_strangers_with_made_up_keys_cost_one_question_in_a_while(issuer: Issuer) -> None:
    async with here(issuer, ask_every_s=3600.0) as process:
        for n in range(50):
            with pytest.raises(TokenInvalid):
                await process.actor(signed(STRANGER, issuer.header(kid=f"k-{n}"), issuer.claims()))
        for odd in (issuer.header(alg="none"), issuer.header(jku="http://evil.example")):
            with pytest.raises(TokenInvalid):
                await process.actor(f"{part(odd)}.{part(issuer.claims())}.AAAA")
        assert issuer.times_asked == 1


async def test_tokens_of_nobody_in_particular_cost_no_question(issuer: Issuer) -> None:
    async with here(issuer) as process:
        for token in ("a.b.c", issuer.token(iss="https://evil.example"), hmac_by(issuer, b"x"),
                      issuer.token(header={"jku": issuer.url})):  # fmt: skip
            with pytest.raises(TokenInvalid):
                await process.actor(token)
    assert issuer.times_asked == 0


async def test_while_the_issuer_is_away_known_keys_go_on_and_others_wait(issuer: Issuer) -> None:
    async with here(issuer) as process:
        first = issuer.token()
        await process.actor(first)
        issuer.away = True
        assert (await process.actor(issuer.token())).roles == {"customer"}
        issuer.publish("ES256")
        second = issuer.token()
        with pytest.raises(IssuerAway):
            await process.actor(second)
        with pytest.raises(IssuerAway):
            await process.keys.check()
        assert (await process.actor(first)).roles == {"customer"}
        issuer.away = False
        assert (await process.actor(second)).roles == {"customer"}
        await process.keys.check()


async def test_a_process_that_begins_while_the_issuer_is_away_lets_nobody_in_by_it(issuer: Issuer) -> None:
    issuer.away = True
    async with here(issuer) as process:
        with pytest.raises(IssuerAway):
            await process.actor(issuer.token())
        issuer.away = False
        await process.actor(issuer.token())


async def test_a_key_that_was_taken_away_verifies_nothing_once_it_was_looked(issuer: Issuer) -> None:
    async with here(issuer) as process:
        old, kid = issuer.token(), issuer.signing
        await process.actor(old)
        issuer.publish("RS256")
        del issuer.keys[kid]
        await process.actor(issuer.token())
        for _ in range(2):
            with pytest.raises(TokenInvalid):
                await process.actor(old)


async def test_known_keys_are_looked_at_anew_behind_the_back_of_who_asks_and_end_with_their_time(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 1_000.0
    monkeypatch.setattr(oidc, "monotonic", lambda: seconds)
    async with here(issuer) as process:
        token = issuer.token()
        await process.actor(token)
        seconds += oidc.FRESH_S + 1
        await process.actor(token)
        async with asyncio.timeout(30):
            while issuer.times_asked < 2:  # noqa: ASYNC110 -- what it does behind our back rings no bell
                await asyncio.sleep(0)
        await process.keys.learn(issuer.signing)
        issuer.away = True
        seconds += oidc.KEPT_S + 1
        with pytest.raises(TokenInvalid):
            process.verify(token.encode())
        with pytest.raises(IssuerAway):
            await process.actor(token)


@pytest.mark.parametrize(
    "configuration",
    [{"issuer": "https://evil.example"}, {"jwks_uri": "file:///etc/passwd"}, {"jwks_uri": None}, {"jwks_uri": 1}],
)
async def test_a_configuration_that_is_not_the_issuers_is_none(issuer: Issuer, configuration: dict[str, Any]) -> None:
    issuer.configuration = configuration
    async with here(issuer) as process:
        with pytest.raises(IssuerAway):
            await process.actor(issuer.token())


async def test_an_answer_that_is_too_long_is_none(issuer: Issuer) -> None:
    issuer.more_keys = [{"kty": "oct", "k": "A" * oidc.MAX_ANSWER_BYTES}]
    async with here(issuer) as process:
        with pytest.raises(IssuerAway):
            await process.actor(issuer.token())


@pytest.mark.filterwarnings("ignore:Key size")
def test_keys_that_are_weak_secret_or_for_something_else_are_passed_over() -> None:
    good, weak, point = RSAKey.generate_key(2048), RSAKey.generate_key(1024), ECKey.generate_key("P-256")
    public = good.as_dict(private=False)
    listed = [
        {**public, "kid": "good", "alg": "RS256", "use": "sig"},
        {**public, "kid": "no alg"},
        {**point.as_dict(private=False), "kid": "point"},
        {**point.as_dict(private=False), "kid": "another curve's", "alg": "ES384"},
        {**public, "kid": "to encrypt", "use": "enc"},
        {**public, "kid": "HS", "alg": "HS256"},
        {**weak.as_dict(private=False), "kid": "weak", "alg": "RS256"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret", "alg": "HS256"},
        {"kty": "RSA", "n": "!", "e": "AQAB", "kid": "broken"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "no point"},
        {**public},
        {**public, "kid": "k" * 201},
        {**public, "kid": 7},
    ]
    found = keys_in(json.dumps({"keys": listed}).encode())
    assert {kid: key.algorithm for kid, key in found.items()} == {
        "good": "RS256", "no alg": "RS256", "point": "ES256",
    }  # fmt: skip
    for content in (b"", b"[]", b"{}", b'{"keys": 1}', b"\xff"):
        with pytest.raises(ValueError):
            keys_in(content)


LOGOUTS: dict[str, dict[str, Any]] = {
    "another client": {"aud": "other"},
    "another issuer": {"iss": "https://evil.example"},
    "no session": {"sid": None},
    "no user": {"sub": None},
    "expired": {"exp": 1, "iat": 0},
    "with a nonce": {"nonce": "n"},
    "no event": {"events": {}},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "events in a list": {"events": ["http://schemas.openid.net/event/backchannel-logout"]},
    "an access token": {"typ": "Bearer"},
}


@pytest.mark.parametrize("_case", LOGOUTS)
async def test_what_is_no_logout_token_ends_nothing(issuer: Issuer, _case: str) -> None:
    async with here(issuer) as process:
        actor = await process.actor(issuer.token(sub="ada", sid="s"))
        assert process.verify.logged_out(issuer.logout_token("ada", "s", aud="web").encode()).session == actor.session
        with pytest.raises(TokenInvalid):
            process.verify.logged_out(issuer.logout_token(**{"sub": "ada", "sid": "s", **LOGOUTS[_case]}).encode())


async def test_a_logout_token_by_a_key_that_is_not_known_says_that_it_must_be_learned(issuer: Issuer) -> None:
    async with here(issuer) as process:
        token = issuer.logout_token("ada", "s").encode()
        with pytest.raises(KeyUnknown) as unknown:
            process.verify.logged_out(token)
        await unknown.value.learn()
        assert process.verify.logged_out(token).session
        with pytest.raises(TokenInvalid):
            process.verify.logged_out(signed(STRANGER, issuer.header(), issuer.claims()).encode())
