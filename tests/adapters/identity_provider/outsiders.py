"""Processes of a shop that trusts an outside issuer, and people who come by its tokens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx2

from tests.security.problems import problem
from tests.security.test_sessions import edge
from tests.shops import Shop, open_shop
from tradewind.contracts.identity import SCOPES

SAMPLE: Final = (
    ("GET", "/api/v1/products"),
    ("GET", "/api/v1/orders"),
    ("GET", "/api/v1/auth/userinfo"),
    ("GET", "/api/v1/auth/sessions"),
    ("GET", "/api/v1/customers/me"),
    ("GET", "/api/v1/customers/me/addresses"),
    ("POST", "/api/v1/carts"),
    ("GET", "/api/v1/roles"),
    ("GET", "/api/v1/users"),
    ("GET", "/api/v1/inventory/warehouses"),
    ("GET", "/api/v1/webhooks"),
    ("POST", "/api/v1/products"),
    ("POST", "/api/v1/orders"),
)
"""Routes that tell roles apart (tests/security/matrix.py has them all)."""


@dataclass(frozen=True)
class Process:
    """One process of the shop: what is asked over HTTP, and what is within."""

    shop: Shop
    http: httpx2.AsyncClient

    async def ask(self, method: str, path: str, token: str, **more: Any) -> httpx2.Response:
        """As whoever's token it is."""
        return await self.http.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more)

    async def look(self, token: str) -> httpx2.Response:
        """At something that wants a token."""
        return await self.ask("GET", "/api/v1/orders", token)

    async def sample(self, token: str) -> list[tuple[str, int]]:
        """What the sample of routes answers to that token: path and status."""
        return [(f"{method} {path}", (await self.ask(method, path, token)).status_code) for method, path in SAMPLE]

    async def revoke(self, token: str) -> None:
        """Log out here."""
        assert (await self.http.post("/api/v1/auth/revoke", data={"token": token})).status_code == 200

    async def back_channel(self, token: str) -> httpx2.Response:
        """What the issuer posts."""
        return await self.http.post("/api/v1/auth/backchannel-logout", data={"logout_token": token})


@asynccontextmanager
async def processes(shop: Shop, count: int = 2, **settings: Any) -> AsyncIterator[list[Process]]:
    """Several processes of `shop`, each with its own memory, by these settings."""
    told = replace(shop.settings, **settings)
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(count):
            one = await stack.enter_async_context(open_shop(told, shop.engines, connections=4))
            found.append(Process(one, await stack.enter_async_context(edge(one))))
        yield found


async def heard(by: Process) -> None:
    """It has heard the log to its end."""
    await by.shop.tail.caught_up()


def ours(shop: Shop, role: str, subject: str) -> str:
    """A token of our own issuer for a role."""
    return shop.keys.sign(subject=subject, roles=(role,), scopes=SCOPES[role], tenant="default", lifetime_s=60)


async def ends_on_both(here: Process, there: Process, token: str, end: Callable[[], Awaitable[object]]) -> None:
    """It is good on both, until `end` has been done at the one."""
    assert [(await one.look(token)).status_code for one in (here, there)] == [200, 200]
    await end()
    problem(await here.look(token), 401, "token-revoked")
    async with asyncio.timeout(30):
        missing = here.shop.keys.revoked.known.keys()
        while not there.shop.keys.revoked.known.keys() >= missing:  # noqa: ASYNC110 -- Redis rings no bell
            await asyncio.sleep(0.01)
    problem(await there.look(token), 401, "token-revoked")
