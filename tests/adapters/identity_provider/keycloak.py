"""A realm of a real Keycloak: people with roles, a client whose audience we are, its logouts told to us."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx2
from aiohttp import web

from tests.issuers import AUDIENCE
from tests.listening import listening
from tradewind.kernel.ids import new_id

ADMIN: Final = "admin"
"""Name and password of the first administrator (tools/engines/trust.py)."""
PASSWORD: Final = "a long walk along the coast"
WITHIN_S: Final = 60.0
ROLES: Final = ("customer", "support", "warehouse", "merchandiser", "admin")


@dataclass
class Realm:
    """A realm. `refresh`: each person's latest refresh token."""

    http: httpx2.AsyncClient
    name: str
    admin: str

    @property
    def issuer(self) -> str:
        """As its tokens say it."""
        return f"{self.http.base_url}".rstrip("/") + f"/realms/{self.name}"

    async def do(self, method: str, path: str, body: Any = None) -> Any:
        """As its administrator."""
        answer = await self.http.request(
            method, f"/admin/realms{path}", json=body, headers={"Authorization": f"Bearer {self.admin}"}
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def log_in(self, role: str) -> dict[str, str]:
        """The tokens of whoever has that role."""
        return await self._token(grant_type="password", username=role, password=PASSWORD, scope="openid email")

    async def refreshed(self, tokens: dict[str, str]) -> dict[str, str]:
        """The next ones of the same session."""
        return await self._token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])

    async def log_out(self, tokens: dict[str, str]) -> None:
        """At Keycloak, which tells its clients."""
        answer = await self.http.post(
            f"{self.issuer}/protocol/openid-connect/logout",
            data={"client_id": AUDIENCE, "refresh_token": tokens["refresh_token"]},
        )
        assert answer.status_code == 204, answer.text

    async def rotate(self) -> None:
        """One more key, which signs from now on."""
        parent = (await self.do("GET", f"/{self.name}"))["id"]
        config = {"priority": ["900"], "enabled": ["true"], "active": ["true"], "keySize": ["2048"]}
        await self.do("POST", f"/{self.name}/components", {
            "name": "next", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": parent, "config": config,
        })  # fmt: skip

    async def _token(self, **form: str) -> dict[str, str]:
        answer = await self.http.post(
            f"{self.issuer}/protocol/openid-connect/token", data={"client_id": AUDIENCE, **form}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, str] = answer.json()
        return found


def _user(role: str) -> dict[str, Any]:
    return {
        "username": role, "enabled": True, "emailVerified": True, "email": f"{role}@shop.test", "firstName": role,
        "lastName": role, "realmRoles": [role],
        "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
    }  # fmt: skip


def _described(name: str, told_at: str) -> dict[str, Any]:
    audience = {
        "name": "audience", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
        "config": {"included.client.audience": AUDIENCE, "access.token.claim": "true"},
    }  # fmt: skip
    client = {
        "clientId": AUDIENCE, "publicClient": True, "directAccessGrantsEnabled": True, "protocolMappers": [audience],
        "attributes": {"backchannel.logout.url": told_at, "backchannel.logout.session.required": "true"},
    }  # fmt: skip
    return {
        "realm": name, "enabled": True, "sslRequired": "none", "roles": {"realm": [{"name": role} for role in ROLES]},
        "clients": [client], "users": [_user(role) for role in ROLES],
    }  # fmt: skip


@asynccontextmanager
async def a_realm(url: str, told_at: str) -> AsyncIterator[Realm]:
    """A realm of the Keycloak at `url` that is this test's alone. `told_at`: where it tells logouts."""
    async with httpx2.AsyncClient(base_url=url, timeout=WITHIN_S) as http:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": ADMIN}
        answer = await http.post("/realms/master/protocol/openid-connect/token", data=form)
        realm = Realm(http, f"test-{new_id().hex}", answer.json()["access_token"])
        await realm.do("POST", "", _described(realm.name, told_at))
        try:
            yield realm
        finally:
            await realm.do("DELETE", f"/{realm.name}")


class BackChannel:
    """An address on loopback; what Keycloak posts there goes to `takes`, and is answered as that answers."""

    def __init__(self) -> None:
        self.url = ""
        self.takes: Callable[[str], Awaitable[httpx2.Response]] | None = None
        self.answered: list[int] = []

    async def answer(self, request: web.Request) -> web.Response:
        """Pass it on."""
        assert self.takes is not None
        answer = await self.takes(str((await request.post())["logout_token"]))
        self.answered.append(answer.status_code)
        return web.Response(status=answer.status_code)


@asynccontextmanager
async def a_back_channel() -> AsyncIterator[BackChannel]:
    """One that listens."""
    channel = BackChannel()
    app = web.Application()
    app.router.add_post("/", channel.answer)
    async with listening(app) as url:
        channel.url = f"{url}/"
        yield channel
