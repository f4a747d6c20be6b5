"""S2 over HTTP: forged, worn-out and foreign tokens open nothing, at any route."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from tests.markets import Market, Person
from tests.security.problems import nothing_written, problem
from tradewind.kernel import clock

pytestmark = pytest.mark.xdist_group("security")

PRIVATE: Final = ("/api/v1/orders", "/api/v1/carts")
PUBLIC: Final = ("/api/v1/products", "/sse/flash-sales")
"""Open to everybody, and yet not with a token that is no good."""
STRANGER: Final = ECKey.generate_key("P-256")


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Forge:
    """Makes tokens that are almost right. It has stolen the shop's key, so that only one thing is wrong at a time."""

    def __init__(self, market: Market) -> None:
        pem = next((market.shop.settings.home / "secrets").glob("signing-*.pem")).read_bytes()
        self.key = ECKey.import_key(pem)
        issued = int(clock.now().timestamp())
        self.header = {"alg": "ES256", "typ": "at+jwt", "kid": self.key.thumbprint()}
        self.claims: dict[str, Any] = {
            "iss": market.shop.settings.public_url, "aud": "tradewind", "sub": "customer-1", "iat": issued,
            "nbf": issued, "exp": issued + 60, "jti": "1", "roles": ["customer"],
            "scope": "order:read order:write cart:write", "tenant": "default",
        }  # fmt: skip
        self.now = issued

    def token(self, key: Any = None, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """Signed; what is given as None is left out."""
        head = {name: value for name, value in {**self.header, **(header or {})}.items() if value is not None}
        return self.signed(
            {name: value for name, value in {**self.claims, **claims}.items() if value is not None}, head, key
        )

    def signed(self, claims: Any, header: dict[str, Any] | None = None, key: Any = None) -> str:
        """Whatever the claims are."""
        registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        return jws.serialize_compact(
            header or self.header, json.dumps(claims).encode(), key or self.key, registry=registry
        )

    def unsigned(self, alg: str, signature: str = "") -> str:
        return f"{part({**self.header, 'alg': alg})}.{part(self.claims)}.{signature}"

    def confused(self) -> str:
        """HS256 with our public key as the secret."""
        signed = self.unsigned("HS256").rpartition(".")[0]
        digest = hmac.new(self.key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{part(digest)}"

    def tampered(self) -> str:
        head, _, signature = self.token().split(".")
        return f"{head}.{part({**self.claims, 'roles': ['admin'], 'scope': '*'})}.{signature}"


def forged(forge: Forge) -> dict[str, str]:
    """Name to token; each must be refused."""
    jwk = STRANGER.as_dict(private=False)
    return {
        "alg none": forge.unsigned("none"),
        "alg NONE": forge.unsigned("NONE"),
        "alg none with a signature": forge.unsigned("none", "AAAA"),
        "no signature": forge.unsigned("ES256"),
        "HS256 with our public key": forge.confused(),
        "another's key": forge.token(STRANGER),
        "another's key in the header": forge.token(STRANGER, {"jwk": jwk}),
        "a key at an address": forge.token(STRANGER, {"jku": "http://127.0.0.1:1/keys"}),
        "a certificate at an address": forge.token(STRANGER, {"x5u": "http://127.0.0.1:1/cert"}),
        "our key, but a jwk as well": forge.token(header={"jwk": jwk}),
        "a kid that is a path": forge.token(header={"kid": "../../../../dev/null"}),
        "a kid that is SQL": forge.token(header={"kid": "' OR 1=1 --"}),
        "a kid that is an address": forge.token(header={"kid": "http://127.0.0.1:1/"}),
        "no kid": forge.token(header={"kid": None}),
        "a critical header": forge.token(header={"crit": ["b64"], "b64": True}),
        "another type": forge.token(header={"typ": "JWT"}),
        "no type": forge.token(header={"typ": None}),
        "claims changed afterwards": forge.tampered(),
        "expired": forge.token(exp=forge.now - 1, nbf=forge.now - 60, iat=forge.now - 60),
        "not yet valid": forge.token(nbf=forge.now + 600),
        "never expires": forge.token(exp=None),
        "another issuer": forge.token(iss="http://evil.test"),
        "another audience": forge.token(aud="somewhere-else"),
        "no audience": forge.token(aud=None),
        "nobody": forge.token(sub=""),
        "no subject": forge.token(sub=None),
        "no scope": forge.token(scope=" "),
        "the shop itself": forge.token(roles=["system"]),
        "roles in one word": forge.token(roles="admin"),
        "an expiry in words": forge.token(exp="tomorrow"),
        "a signature of nothing but zeros": forge.unsigned("ES256", part(bytes(64))),
        "half a signature": forge.token()[:-43],
        "claims that are a list": forge.signed([forge.claims]),
        "small letters": forge.token().lower(),
        "three dots": forge.token() + ".x",
        "five parts": forge.token() + ".x.x",
        "not base64": "!!!.???.===",
        "only dots": "..",
        "a word": "please",
        "5 KB": forge.token(jti="x" * 5_000),
    }


async def test_no_forged_token_opens_anything_and_nothing_is_written(quiet_market: Market) -> None:
    forge, sku = Forge(quiet_market), await quiet_market.goods(stock=1)
    order = {"items": [{"sku": sku, "qty": 1}]}
    good = Person(quiet_market.http, forge.token())
    assert (await good.get("/api/v1/orders")).status_code == 200
    cart = (await good.post("/api/v1/carts")).json()["id"]
    tokens = forged(forge)
    assert len(tokens) == 40
    async with nothing_written(quiet_market):
        for name, token in tokens.items():
            asking = {"Authorization": f"Bearer {token}"}
            for path in (*PRIVATE, *PRIVATE, *PUBLIC, f"/api/v1/carts/{cart}"):  # a second look is no better
                await _refused(quiet_market.nobody, "GET", path, None, asking, name)
            await _refused(quiet_market.nobody, "POST", "/api/v1/orders", order, asking, name)
            await _refused(quiet_market.nobody, "POST", "/api/v1/carts", None, asking, name)
            await _refused(quiet_market.nobody, "POST", f"/api/v1/carts/{cart}/lines", {"sku": sku}, asking, name)


async def _refused(nobody: Person, method: str, path: str, body: Any, headers: dict[str, str], name: str) -> None:
    answer = await nobody.send(method, path, body, **headers)
    found = problem(answer, 401, "token-expired" if name == "expired" else "token-invalid")
    assert answer.headers["www-authenticate"] == 'Bearer realm="tradewind", error="invalid_token"', name
    assert "customer-1" not in str(found)


@pytest.mark.parametrize("scheme", ["Basic dXNlcjpwYXNz", "Token x", "Bearer", "x"])
async def test_other_ways_to_say_who_one_is_are_no_token(quiet_market: Market, scheme: str) -> None:
    answer = await quiet_market.nobody.get("/api/v1/orders", Authorization=scheme)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="tradewind"')
