"""An ended session is refused by every process: the one that ended it, others that run, and one that starts later."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from tests.security.problems import problem
from tests.shops import Shop, open_shop
from tradewind.api.rest import streams
from tradewind.app.edge import rest_app
from tradewind.kernel.ids import new_id
from tradewind.runtime import tail

pytestmark = pytest.mark.xdist_group("security")

PASSWORD = "a long walk along the coast"


@asynccontextmanager
async def edge(shop: Shop) -> AsyncIterator[httpx2.AsyncClient]:
    """HTTP to one process of the shop."""
    transport: Any = httpx2.ASGITransport(app=rest_app(shop))
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


async def logged_in(client: httpx2.AsyncClient) -> dict[str, str]:
    """The tokens of somebody new."""
    email = f"{new_id()}@shop.test"
    await client.post("/api/v1/auth/register", json={"email": email, "password": PASSWORD})
    form = {"grant_type": "password", "username": email, "password": PASSWORD}
    tokens: dict[str, str] = (await client.post("/api/v1/auth/token", data=form)).json()
    return tokens


async def look(client: httpx2.AsyncClient, tokens: dict[str, str]) -> httpx2.Response:
    return await client.get("/api/v1/orders", headers={"Authorization": f"Bearer {tokens['access_token']}"})


async def log_out(client: httpx2.AsyncClient, tokens: dict[str, str]) -> None:
    assert (await client.post("/api/v1/auth/revoke", data={"token": tokens["refresh_token"]})).status_code == 200


async def test_a_session_changed_by_hand_opens_nothing(shop: Shop) -> None:
    async with edge(shop) as here:
        tokens, other = await logged_in(here), await logged_in(here)
        await log_out(here, tokens)
        head, claims, signature = tokens["access_token"].split(".")
        said = json.loads(base64.urlsafe_b64decode(claims + "=="))
        alive = json.loads(base64.urlsafe_b64decode(other["access_token"].split(".")[1] + "=="))["sid"]
        for sid in (alive, None, str(new_id())):
            forged = {name: value for name, value in {**said, "sid": sid}.items() if value is not None}
            body = base64.urlsafe_b64encode(json.dumps(forged).encode()).rstrip(b"=").decode()
            problem(await look(here, {"access_token": f"{head}.{body}.{signature}"}), 401, "token-invalid")


async def test_every_process_refuses_an_ended_session_also_one_that_starts_afterwards(shop: Shop) -> None:
    async with open_shop(shop.settings, shop.engines, connections=4) as other, edge(shop) as here, edge(other) as there:
        tokens, twin = await logged_in(here), await logged_in(here)
        assert [(await look(client, tokens)).status_code for client in (here, there)] == [200, 200]
        await log_out(here, tokens)
        problem(await look(here, tokens), 401, "token-revoked")
        await other.tail.caught_up()
        problem(await look(there, tokens), 401, "token-revoked")
        async with open_shop(shop.settings, shop.engines, connections=4) as late, edge(late) as afterwards:
            problem(await look(afterwards, tokens), 401, "token-revoked")
            assert (await look(afterwards, twin)).status_code == 200


async def test_a_process_that_may_be_behind_asks_the_database_and_lets_nobody_in_without_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_shop(shop.settings, shop.engines, connections=4) as other, edge(shop) as here, edge(other) as there:
        tokens, twin = await logged_in(here), await logged_in(here)
        assert (await look(there, tokens)).status_code == 200
        monkeypatch.setattr(tail, "STALE_AFTER_S", -1.0)
        await log_out(here, tokens)
        problem(await look(there, tokens), 401, "token-revoked")
        assert (await look(there, twin)).status_code == 200
        await other.db.pool.close()
        problem(await look(there, twin), 503, "database-away")
        problem(await look(there, {"access_token": "forged"}), 401, "token-invalid")


async def test_reuse_of_a_refresh_token_ends_its_family_and_the_very_next_request_is_refused(shop: Shop) -> None:
    async with edge(shop) as here:
        tokens = await logged_in(here)
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        turned = (await here.post("/api/v1/auth/token", data=form)).json()
        assert (await look(here, turned)).status_code == 200
        assert (await here.post("/api/v1/auth/token", data=form)).json()["error"] == "invalid_grant"
        for one in (tokens, turned):
            problem(await look(here, one), 401, "token-revoked")
            again = {"grant_type": "refresh_token", "refresh_token": one["refresh_token"]}
            assert (await here.post("/api/v1/auth/token", data=again)).json()["error"] == "invalid_grant"


class Stream:
    """Somebody follows the flash sales at one process: what went over the wire, and whether it goes on."""

    def __init__(self, shop: Shop, token: str) -> None:
        self.sent: list[Any] = []
        self._moved = asyncio.Event()
        headers = [(b"authorization", f"Bearer {token}".encode())]
        scope = {"type": "http", "method": "GET", "path": "/sse/flash-sales", "query_string": b"", "headers": headers,
                 "client": ("127.0.0.1", 1)}  # fmt: skip
        self.task = asyncio.create_task(rest_app(shop)(scope, self._receive, self._send))
        self.task.add_done_callback(lambda _: self._moved.set())

    @property
    def beats(self) -> int:
        """Signs of life until now."""
        return sum(message.get("body") == b":\n\n" for message in self.sent)

    @property
    def ended(self) -> bool:
        """Whether the shop has ended it in good order."""
        return self.task.done() and self.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}

    async def lives(self) -> None:
        """Wait for two more signs of life."""
        wanted = self.beats + 2
        await self._until(lambda: self.beats >= wanted)

    async def ends(self) -> None:
        """Wait for its end."""
        await self._until(self.task.done)

    async def _until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not seen():
                self._moved.clear()
                await self._moved.wait()

    async def _send(self, message: Any) -> None:
        self.sent.append(dict(message))
        self._moved.set()

    async def _receive(self) -> dict[str, str]:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}


async def test_a_stream_that_has_long_been_open_ends_with_its_session_in_every_process(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.02)
    async with open_shop(shop.settings, shop.engines, connections=4) as other, edge(shop) as here:
        tokens, twin = await logged_in(here), await logged_in(here)
        followed = [Stream(one, tokens["access_token"]) for one in (shop, other)]
        stays = [Stream(one, twin["access_token"]) for one in (shop, other)]
        for stream in (*followed, *stays):
            await stream.lives()
        await log_out(here, tokens)
        for stream in followed:
            await stream.ends()
            assert stream.ended
        for stream in stays:
            await stream.lives()
            assert not stream.task.done()
            stream.task.cancel()
        late = Stream(other, tokens["access_token"])
        await late.ends()
        assert late.sent[0]["status"] == 401
