"""Server-sent events: a response that goes on, with heartbeats, limits and an end that the client is ready for."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final
from zlib import crc32

from tradewind.api.live.channel import Feed, Follow, Place
from tradewind.kernel.errors import Throttled, Unauthenticated, Unavailable
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log

Message = MutableMapping[str, Any]

HEARTBEAT_S: Final = 15.0
"""Time between two signs of life; tokens are looked at again each time, so a stream outlives its token by no more."""
MAX_STREAMS: Final = 2_000
"""Streams that one process keeps open at once: half of the requests that may be under way in it."""
MAX_PER_CLIENT: Final = 20
"""Streams of one user, or of one address where nobody is named. It counts where rate limits do."""
RETRY_MS: Final = 1_000
RETRY_SPREAD_MS: Final = 4_000
"""How long a client waits before it comes back: spread, so that not all come back at once."""
RETRY_AFTER_S: Final = 10
CLOSE_WITHIN_S: Final = 1.0
"""Longest that the end of the process waits for a client that does not read."""
_BEAT: Final = b":\n\n"
_HEADERS: Final = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]


class TooManyStreams(Unavailable):
    """This process has as many streams open as it keeps; come again in a moment."""


class TooManyOfYours(Throttled):
    """This client has as many streams open as one may have."""


class Streams:
    """All open streams of a process."""

    def __init__(self) -> None:
        self._open: dict[Feed, tuple[Callable[[], None], asyncio.Task[None]]] = {}
        """How to ask whether each is still allowed, and the task that writes it."""
        self._of_client: Counter[str] = Counter()
        self._heart: asyncio.Task[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._open)

    async def serve(
        self,
        follow: Follow,
        client: str | None,
        last_id: bytes | None,
        head: list[tuple[bytes, bytes]],
        still_allowed: Callable[[], None],
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Tell a client what it follows until either side ends it.

        Refuses (TooManyStreams, TooManyOfYours) before the first byte. `client`: whose it is, where that is counted.
        `still_allowed` refuses when the client's token is no good any more.
        """
        self._admit(client)
        feed = follow.channel.enter(follow, Place.parse(last_id), resumes=last_id is not None)
        writer = asyncio.current_task()
        assert writer is not None, "inside of one"
        feed.on_end = lambda: _cut(feed, writer)
        self._add(feed, client, still_allowed, writer)
        gauge = metrics.streams_open.labels(follow.channel.name)
        gauge.inc()
        watching = asyncio.create_task(_until_gone(receive, feed))
        try:
            await self._tell(feed, client or "", head, send)
        finally:
            watching.cancel()
            gauge.dec()
            follow.channel.leave(feed)
            self._remove(feed, client)
            metrics.streams_ended_total.labels(follow.channel.name, feed.ended or "cut").inc()
            log.info("stream ended", channel=follow.channel.name, code=feed.ended or "cut")

    def close(self) -> None:
        """End all streams; clients come back, to another process or to this one's successor. None is opened after."""
        self._closed = True
        for feed in [*self._open]:
            feed.end("stopping")
        asyncio.get_running_loop().call_later(CLOSE_WITHIN_S, self._cut_all)

    def _cut_all(self) -> None:
        for _, writer in self._open.values():
            writer.cancel()

    async def _tell(
        self,
        feed: Feed,
        name: str,
        head: list[tuple[bytes, bytes]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [*head, *_HEADERS]})
        retry_ms = RETRY_MS + crc32(f"{name}{id(feed)}".encode()) % RETRY_SPREAD_MS
        taken = b"retry: %d\n\n" % retry_ms
        try:
            while taken or (taken := await feed.take()):
                await send({"type": "http.response.body", "body": taken, "more_body": True})
                taken = b""
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if feed.ended is None or task is None or task.uncancel():
                raise
            return
        if feed.ended != "gone":
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _admit(self, client: str | None) -> None:
        if self._closed or len(self._open) >= MAX_STREAMS:
            raise TooManyStreams(retry_after_s=RETRY_AFTER_S)
        if client is not None and self._of_client[client] >= MAX_PER_CLIENT:
            raise TooManyOfYours(retry_after_s=RETRY_AFTER_S, limit=MAX_PER_CLIENT)

    def _add(
        self, feed: Feed, client: str | None, still_allowed: Callable[[], None], writer: "asyncio.Task[None]"
    ) -> None:
        self._open[feed] = still_allowed, writer
        if client is not None:
            self._of_client[client] += 1
        if self._heart is None or self._heart.done():
            self._heart = asyncio.create_task(self._beat())

    def _remove(self, feed: Feed, client: str | None) -> None:
        del self._open[feed]
        if client is not None:
            self._of_client[client] -= 1
            if not self._of_client[client]:
                del self._of_client[client]
        if not self._open and self._heart is not None:
            self._heart.cancel()
            self._heart = None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            for feed, (still_allowed, writer) in [*self._open.items()]:
                if feed.ended:
                    writer.cancel()
                    continue
                try:
                    still_allowed()
                except Unauthenticated:
                    feed.end("token")
                else:
                    feed.put(_BEAT)


def _cut(feed: Feed, writer: "asyncio.Task[None]") -> None:
    """One that writes to a client that does not read, or is gone, is cut off in the middle; others come to an end."""
    if feed.ended in ("too slow", "gone"):
        writer.cancel()


async def _until_gone(receive: Callable[[], Awaitable[Mapping[str, Any]]], feed: Feed) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    feed.end("gone")
