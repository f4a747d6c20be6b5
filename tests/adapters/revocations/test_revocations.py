"""A session that ended in one process is refused in all others at once, and never less than without Redis.

The log is the other way by which processes hear of it; tests/security/test_sessions.py shows that one alone.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import CapturingLogger

from tests.engines import address
from tests.security.problems import problem
from tests.security.test_sessions import edge, log_out, logged_in, look
from tests.shops import Shop, open_shop
from tests.wires import Wire, wire
from tradewind.adapters import absence
from tradewind.adapters.redis.link import Link
from tradewind.adapters.revocations import redis
from tradewind.adapters.revocations.redis import RedisRevocations
from tradewind.api.auth.revocation import RevokedSessions
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.runtime.telemetry import metrics

pytestmark = pytest.mark.engine("redis")

LOOK_EVERY_S = 0.1
"""Short: a test waits for it."""
NARROW_BYTES_S = 150_000
VERY_MANY = 4000
"""Sessions that have ended; to say all of them at once takes a narrow line several times as long as is waited for."""


@asynccontextmanager
async def process(space: str, url: str = "", look_every_s: float = LOOK_EVERY_S) -> AsyncIterator[RevokedSessions]:
    """What one process knows of ended sessions, while it listens to Redis alone."""
    revoked = RevokedSessions()
    link = Link(url or address("REDIS_URL"), "revocations", answer_s=0.3, retry_s=0.05)
    told = RedisRevocations(link, space, keep_s=revoked.keep_s, known=lambda: revoked.known, look_every_s=look_every_s)
    revoked.tells = told.tell
    async with told.listening(revoked.hear):
        yield revoked


@pytest.fixture
def space() -> str:
    return f"test:{new_id().hex}"


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await look():  # noqa: ASYNC110 -- what happens in Redis rings no bell
            await asyncio.sleep(0.01)


async def until_known(revoked: RevokedSessions, *sessions: str) -> None:
    async def known() -> bool:
        return all(one in revoked for one in sessions)

    await until(known)


async def test_a_token_revoked_on_one_process_is_refused_on_another_that_has_neither_log_nor_database(
    shop: Shop,
) -> None:
    by_redis = replace(shop.settings, redis_url=address("REDIS_URL"))
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(open_shop(by_redis, shop.engines, connections=4))
        other = await stack.enter_async_context(open_shop(by_redis, shop.engines, connections=4, listens=False))
        here, there = [await stack.enter_async_context(edge(each)) for each in (one, other)]
        tokens, twin = await logged_in(here), await logged_in(here)
        assert [(await look(there, each)).status_code for each in (tokens, twin)] == [200, 200]
        await log_out(here, tokens)
        await until_known(other.keys.revoked, *one.keys.revoked.known)
        assert len(one.keys.revoked) == 1
        await other.db.pool.close()
        problem(await look(there, tokens), 401, "token-revoked")
        problem(await look(there, twin), 503, "database-away")


async def test_without_redis_the_log_tells_it_and_redis_is_told_when_it_is_back(shop: Shop) -> None:
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(wire(address("REDIS_URL")))
        by_redis = replace(shop.settings, redis_url=line.url)
        one = await stack.enter_async_context(open_shop(by_redis, shop.engines, connections=4))
        other = await stack.enter_async_context(open_shop(by_redis, shop.engines, connections=4))
        here, there = [await stack.enter_async_context(edge(each)) for each in (one, other)]
        tokens = await logged_in(here)
        line.cut()
        await log_out(here, tokens)
        problem(await look(here, tokens), 401, "token-revoked")
        await other.tail.caught_up()
        problem(await look(there, tokens), 401, "token-revoked")
        line.mend()
        late = await stack.enter_async_context(open_shop(by_redis, shop.engines, connections=4, listens=False))
        await until_known(late.keys.revoked, *one.keys.revoked.known)


async def test_who_listens_is_told_and_need_not_look(space: str) -> None:
    async with process(space, look_every_s=3600) as one, process(space, look_every_s=3600) as other:
        for session in ("s-1", "s-2", "s-3"):
            one.end(session)
            await until_known(other, session)


async def test_who_begins_later_catches_up(space: str) -> None:
    async with process(space) as one:
        one.end("s-1")
        async with process(space) as other:
            await until_known(other, "s-1")
    async with process(space) as reborn:
        await until_known(reborn, "s-1")
        reborn.end("s-2")


@pytest.mark.parametrize("how", ["cut", "hang"])
async def test_what_ended_while_a_process_was_cut_off_it_hears_of_afterwards(space: str, how: str) -> None:
    async with wire(address("REDIS_URL")) as line, process(space) as one, process(space, line.url) as other:
        one.end("s-1")
        await until_known(other, "s-1")
        getattr(line, how)()
        one.end("s-2")
        other.end("s-3")
        assert {"s-1", "s-3"} <= set(other.known), "what it knows it goes on knowing"
        line.mend()
        await until_known(one, "s-3")
        await until_known(other, "s-2")


async def test_a_flushed_redis_is_told_again_by_who_knows(space: str) -> None:
    async with process(space) as one, Redis.from_url(address("REDIS_URL")) as client:
        one.end("s-1")
        store: Any = client

        async def noted() -> bool:
            return bool(await store.zscore(f"{space}:ended", "s-1"))

        await until(noted)
        ended = one.known["s-1"]
        await store.unlink(f"{space}:ended")
        await until(noted)
        assert abs(await store.zscore(f"{space}:ended", "s-1") - ended) < 1, "when it ended, not when it was told again"
        async with process(space) as reborn:
            await until_known(reborn, "s-1")
        await store.unlink(f"{space}:ended")


class Narrow(Wire):
    """Carries so many bytes a second, as a busy Redis deals with so many sessions."""

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool = False) -> None:
        with suppress(OSError):
            while data := await source.read(NARROW_BYTES_S // 50):
                await asyncio.sleep(len(data) / NARROW_BYTES_S)
                target.write(data)
                await target.drain()
        target.close()


@asynccontextmanager
async def narrow() -> AsyncIterator[str]:
    """The address of Redis, by a narrow line."""
    line = Narrow(address("REDIS_URL"))
    async with await asyncio.start_server(line.carry, "127.0.0.1", 0) as server:
        line.listens(server.sockets[0].getsockname()[1])
        yield line.url
        line.cut()


@pytest.mark.parametrize("which", ["told", "taken in"])
async def test_very_many_sessions_are_told_and_taken_in_piece_by_piece(
    space: str, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = CapturingLogger()
    monkeypatch.setattr(absence, "log", said)
    monkeypatch.setattr(redis, "AT_ONCE", 100)
    ended = {f"s-{number}": now().timestamp() for number in range(VERY_MANY)}
    async with narrow() as url, Redis.from_url(address("REDIS_URL")) as client:
        if which == "taken in":
            await client.zadd(f"{space}:ended", ended)
        async with process(space, url) as one:
            if which == "taken in":
                await until_known(one, *ended)
            for session, at in ended.items():
                one.hear(session, at)

            async def noted() -> bool:
                return bool(await client.zcard(f"{space}:ended") == VERY_MANY)

            await until(noted)
    assert not said.calls, "it never counted as away"


async def test_that_redis_is_away_is_told_though_nobody_ends_a_session(space: str) -> None:
    async def says(value: float) -> bool:
        return bool(metrics.shared_store_away.labels("revocations")._value.get() == value)

    async with wire(address("REDIS_URL")) as line, process(space, line.url, look_every_s=3600):
        for _ in range(2):
            line.cut()
            await until(lambda: says(1.0))
            line.mend()
            await until(lambda: says(0.0))
