"""An OpenID issuer of the world, on the wire: it publishes keys, signs what it is told to, rotates, goes away."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from tests.listening import listening
from tradewind.api.auth.outside import ALGORITHMS, LOGOUT
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id

AUDIENCE: Final = "tradewind"
PERMISSIVE: Final = jws.JWSRegistry(algorithms=[*ALGORITHMS, "HS256"], strict_check_header=False)


def signed(key: Any, header: Mapping[str, Any], claims: Any) -> str:
    """A token, however odd."""
    return jws.serialize_compact(dict(header), json.dumps(claims).encode(), key, registry=PERMISSIVE)


class Issuer:
    """`keys`: what is published, by id; `signing`: the one that signs. `asked`: how often each page was."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: Counter[str] = Counter()
        self.away = False
        self.keys: dict[str, tuple[Any, str]] = {}
        self.configuration: dict[str, Any] = {}
        self.more_keys: list[dict[str, Any]] = []
        self.signing = self.publish("RS256")

    def publish(self, algorithm: str) -> str:
        """One more key, which signs from now on; its id."""
        key: Any = RSAKey.generate_key(2048) if algorithm in ("RS256", "PS256") else ECKey.generate_key("P-256")
        self.signing = str(new_id())
        self.keys[self.signing] = key, algorithm
        return self.signing

    @property
    def key(self) -> Any:
        """The one that signs."""
        return self.keys[self.signing][0]

    def header(self, **more: Any) -> dict[str, Any]:
        """As Keycloak's; what is None is left out."""
        said = {"alg": self.keys[self.signing][1], "typ": "JWT", "kid": self.signing, **more}
        return {name: value for name, value in said.items() if value is not None}

    def claims(self, *roles: str, **more: Any) -> dict[str, Any]:
        """An access token's, as Keycloak says them; what is None is left out."""
        now = int(clock.now().timestamp())
        said = {
            "iss": self.url, "aud": [AUDIENCE, "account"], "sub": str(new_id()), "typ": "Bearer", "azp": AUDIENCE,
            "exp": now + 300, "iat": now, "jti": str(new_id()), "sid": str(new_id()), "scope": "openid email profile",
            "realm_access": {"roles": ["offline_access", "uma_authorization", *(roles or ("customer",))]},
            "resource_access": {"account": {"roles": ["manage-account", "admin"]}},
            "email_verified": False, "preferred_username": "ada",
            **more,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}

    def token(self, *roles: str, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """An access token."""
        return signed(self.key, self.header(**(header or {})), self.claims(*roles, **claims))

    def logout_token(self, sub: str | None, sid: str | None, **claims: Any) -> str:
        """What is posted where somebody has logged out."""
        now = int(clock.now().timestamp())
        said = {"iss": self.url, "aud": AUDIENCE, "iat": now, "exp": now + 120, "jti": str(new_id()), "sub": sub,
                "sid": sid, "typ": "Logout", "events": {LOGOUT: {}}, **claims}  # fmt: skip
        return signed(self.key, self.header(), {name: value for name, value in said.items() if value is not None})

    async def answer(self, request: web.Request) -> web.Response:
        """A page of it."""
        self.asked[request.path] += 1
        if self.away:
            return web.Response(status=503)
        if request.path == "/realms/shop/.well-known/openid-configuration":
            return web.json_response({"issuer": self.url, "jwks_uri": f"{self.url}/certs", **self.configuration})
        if request.path == "/realms/shop/certs":
            published = [
                {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": algorithm}
                for kid, (key, algorithm) in self.keys.items()
            ]
            return web.json_response({"keys": [*self.more_keys, *published]})
        return web.Response(status=404)

    @property
    def times_asked(self) -> int:
        """How often its keys were asked for."""
        return self.asked["/realms/shop/certs"]


@asynccontextmanager
async def an_issuer() -> AsyncIterator[Issuer]:
    """An issuer that listens until the block is left."""
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/{page:.*}", issuer.answer)
    async with listening(app) as url:
        issuer.url = f"{url}/realms/shop"
        yield issuer
