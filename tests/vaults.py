"""A Vault on the wire, as far as the shop talks to one: KV version 2, tokens, sealed or not. Faults are scripted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.listening import listening
from tradewind.kernel.ids import new_id


class Vault:
    """`secrets`: by mount/name. `tokens`: those that may read. `renewed`: those that were, as often as they were."""

    def __init__(self) -> None:
        self.url = ""
        self.token = f"hvs.{new_id().hex}"
        self.secrets: dict[str, Any] = {}
        self.renewed: list[str] = []
        self.sealed = False
        self.renews = True

    async def answer(self, request: web.Request) -> web.Response:
        """As Vault's HTTP API says."""
        if self.sealed:
            return _refused(503, "Vault is sealed")
        if request.headers.get("X-Vault-Token") != self.token:
            return _refused(403, f"permission denied for {request.headers.get('X-Vault-Token')}")
        if request.path == "/v1/auth/token/renew-self":
            self.renewed.append(self.token)
            return web.json_response({"auth": {"client_token": self.token}}) if self.renews else _refused(400, "root")
        mount, data, name = request.path.removeprefix("/v1/").split("/", 2)
        held = self.secrets.get(f"{mount}/{name}")
        if data != "data" or held is None:
            return _refused(404)
        return web.json_response({"data": {"data": held, "metadata": {"version": 1, "deletion_time": ""}}})


def _refused(status: int, *errors: str) -> web.Response:
    return web.json_response({"errors": list(errors)}, status=status)


@asynccontextmanager
async def a_vault() -> AsyncIterator[Vault]:
    """One that listens."""
    vault = Vault()
    app = web.Application()
    app.router.add_route("*", "/{page:.*}", vault.answer)
    async with listening(app) as url:
        vault.url = url
        yield vault
