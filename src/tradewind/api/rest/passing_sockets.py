"""A gateway's WebSockets: frames are passed on both ways, and whoever ends first ends the other with the same code."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import aiohttp

from tradewind.api.rest.app import Receive, Scope
from tradewind.api.rest.replies import Send

MAX_FRAME_BYTES: Final = 256 * 1024
AWAY: Final = 1013
"""Try again later."""
BROKEN: Final = 1011
GONE: Final = 1000
CLOSE_WITHIN_S: Final = 1.0
"""Longest that an end waits for a client that does not read."""
ENDS: Final = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def pass_socket(
    ask: aiohttp.ClientSession, url: str, named: Sequence[tuple[str, str]], scope: Scope, receive: Receive, send: Send
) -> None:
    """Connect to `url` (http://…, as it stands) with these headers and hand frames over until one of both ends."""
    await receive()
    query = scope["query_string"].decode("latin-1")
    try:
        there = await ask.ws_connect(
            f"{url}{scope['path']}{'?' + query if query else ''}", headers=named, max_msg_size=MAX_FRAME_BYTES
        )
    except (aiohttp.ClientError, TimeoutError, OSError):
        await send({"type": "websocket.close", "code": AWAY})
        return
    try:
        await send({"type": "websocket.accept"})
        if await _both_ways(there, receive, send):
            with suppress(TimeoutError, RuntimeError, OSError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await send({"type": "websocket.close", "code": there.close_code or BROKEN})
    finally:
        await there.close()


async def _both_ways(there: aiohttp.ClientWebSocketResponse, receive: Receive, send: Send) -> bool:
    """Hand frames over; whether it was the other side that ended it, so that the client has to be told."""
    client, other = asyncio.ensure_future(_to(there, receive)), asyncio.ensure_future(_from(there, send))
    try:
        await asyncio.wait({client, other}, return_when=asyncio.FIRST_COMPLETED)
        return not client.done()
    finally:
        for task in (client, other):
            task.cancel()
        for task in (client, other):
            with suppress(asyncio.CancelledError, ConnectionError, RuntimeError):
                await task


async def _to(there: aiohttp.ClientWebSocketResponse, receive: Receive) -> None:
    """What the client says, until it leaves."""
    while (message := await receive())["type"] == "websocket.receive":
        if (text := message.get("text")) is not None:
            await there.send_str(text)
        else:
            await there.send_bytes(message.get("bytes") or b"")
    await there.close(code=message.get("code") or GONE)


async def _from(there: aiohttp.ClientWebSocketResponse, send: Send) -> None:
    """What is said to it, until that ends."""
    async for message in there:
        if message.type in ENDS:
            break
        kind = "text" if message.type is aiohttp.WSMsgType.TEXT else "bytes"
        said: dict[str, Any] = {"type": "websocket.send", kind: message.data}
        await send(said)
