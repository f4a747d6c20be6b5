"""Identity behind its own edge, on the test's own database, with keys of its own."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from tests.mailbox import mails_go_to
from tradewind.api.auth.revocation import RevokedSessions
from tradewind.api.rest import create_app
from tradewind.contexts.identity._domain.keys import SigningKeys
from tradewind.contexts.identity.first_admin import create_first_admin
from tradewind.contexts.identity.manifest import MANIFEST, session_check
from tradewind.contracts.identity import TokenIssuer
from tradewind.kernel.ids import new_id

ISSUER = "http://shop.test"
VISITORS_PASSWORD = "a long walk along the coast"  # noqa: S105 -- of somebody who lives for one test
PASSWORD = "correct horse battery staple"  # noqa: S105 -- of an admin who lives for one test


@pytest.fixture
def password() -> str:
    """The admin's."""
    return PASSWORD


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    """Signing keys that only this test knows."""
    return SigningKeys.open(tmp_path / "secrets", issuer=ISSUER)


@pytest_asyncio.fixture
async def client(shop: Any, keys: SigningKeys, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of identity's routes; there is an admin with PASSWORD."""
    shop.db.peers |= {TokenIssuer: keys, RevokedSessions: keys.revoked}
    mails_go_to(tmp_path / "mail", shop)
    await create_first_admin(shop.db, PASSWORD)
    app = create_app(
        MANIFEST.routes,
        verify=keys.verifier(),
        dispatch=shop.dispatch,
        registry=CollectorRegistry(),
        sessions=session_check(shop.db, keys.revoked, lambda: shop.tail.fresh, shop.dispatch),
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=ISSUER) as one:
        yield one


class Visitor:
    """Somebody with an account, or about to have one."""

    def __init__(self, client: httpx2.AsyncClient, email: str, password: str) -> None:
        self._client = client
        self.email = email
        self.password = password
        self.tokens: dict[str, Any] = {}

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Ask with the token, where there is one."""
        if self.tokens:
            headers.setdefault("Authorization", f"Bearer {self.tokens['access_token']}")
        return await self._client.request(method, path, json=body, headers=headers)

    async def get(self, path: str) -> httpx2.Response:
        """Look at something."""
        return await self.send("GET", path)

    async def register(self, **more: Any) -> httpx2.Response:
        """Ask for an account."""
        return await self._client.post(
            "/api/v1/auth/register", json={"email": self.email, "password": self.password, **more}
        )

    async def login(self, device: str = "a browser", **more: str) -> httpx2.Response:
        """Get a token, and keep it where it was given."""
        form = {"grant_type": "password", "username": self.email, "password": self.password, **more}
        answer = await self._client.post("/api/v1/auth/token", data=form, headers={"User-Agent": device})
        if answer.status_code == 200:
            self.tokens = answer.json()
        return answer

    async def elsewhere(self) -> "Visitor":
        """The same person, logged in on another device."""
        twin = Visitor(self._client, self.email, self.password)
        await twin.login()
        return twin

    async def id(self) -> str:
        """The account's."""
        sub: str = (await self.get("/api/v1/auth/userinfo")).json()["sub"]
        return sub


class Inbox:
    """What waits to be sent."""

    def __init__(self, shop: Any) -> None:
        self._pool = shop.db.pool

    async def of(self, email: str) -> list[tuple[str, str]]:
        """Subject and text of every mail to that address, the oldest first."""
        sql = "SELECT subject, body FROM identity.pending_mail WHERE recipient = $1 ORDER BY id"
        return [(row["subject"], row["body"]) for row in await self._pool.fetch(sql, email)]

    async def code(self, email: str) -> str:
        """The code in the latest mail to that address: the only line of its length without a space."""
        _, body = (await self.of(email))[-1]
        [code] = [line for line in body.splitlines() if len(line) == 43 and " " not in line]
        return code


@pytest.fixture
def inbox(shop: Any) -> Inbox:
    """Mails that wait to be sent."""
    return Inbox(shop)


@pytest.fixture
def visitor(client: httpx2.AsyncClient) -> Callable[..., Visitor]:
    """Makes visitors; each has an address of their own."""

    def make(email: str | None = None, password: str = VISITORS_PASSWORD) -> Visitor:
        return Visitor(client, email or f"ada-{new_id()}@shop.test", password)

    return make


@pytest_asyncio.fixture
async def ada(visitor: Callable[..., Visitor]) -> Visitor:
    """A customer, logged in, whose address is not proved yet."""
    one = visitor()
    await one.register()
    await one.login()
    return one


@pytest_asyncio.fixture
async def admin(visitor: Callable[..., Visitor]) -> Visitor:
    """The first administrator, logged in."""
    one = visitor("admin@localhost", PASSWORD)
    await one.login()
    return one


class Books:
    """What was told, and what is in the audit trail."""

    def __init__(self, shop: Any) -> None:
        self._pool = shop.db.pool

    async def told(self, user_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Events of a user, by the last words of their type, in order."""
        sql = "SELECT type, payload::text AS payload FROM runtime.outbox WHERE key = $1 ORDER BY stamp, position"
        rows = await self._pool.fetch(sql, user_id)
        return [(row["type"].removeprefix("ecommerce.identity."), json.loads(row["payload"])) for row in rows]

    async def audited(self, subject: str) -> list[str]:
        """What was done to a user, in order."""
        sql = "SELECT action FROM runtime.audit_entry WHERE subject = $1 ORDER BY id"
        return [row["action"].removeprefix("identity.") for row in await self._pool.fetch(sql, subject)]

    async def count(self, table: str) -> int:
        """Rows of one of the context's tables."""
        sql = {
            "account": "SELECT count(*) FROM identity.account",
            "mail": "SELECT count(*) FROM identity.pending_mail",
            "token": "SELECT count(*) FROM identity.mail_token",
            "told": "SELECT count(*) FROM runtime.outbox",
        }
        number: int = await self._pool.fetchval(sql[table])
        return number


@pytest.fixture
def books(shop: Any) -> Books:
    """What is written besides the tables of identity."""
    return Books(shop)
