"""A gateway's WebSockets: frames are passed on both ways, and whoever ends first ends the other with the same code."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import UNSET

from tradewind.api.auth.outside import verified
from tradewind.api.live.talks import MAX_MESSAGE, Code, Said
from tradewind.api.rest.app import Message, Receive, Scope, Verify
from tradewind.api.rest.kept_open import Place
from tradewind.api.rest.replies import Send
from tradewind.kernel.errors import Refusal, Throttled, Unauthenticated

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
    except Refusal as refusal:
        await send(_ended_by(refusal))
    finally:
        await there.close()


async def refuse_socket(refusal: Refusal, receive: Receive, send: Send) -> None:
    """End a socket that was not begun; it is accepted for that, because else nobody can read the code."""
    await receive()
    await send({"type": "websocket.accept"})
    await send(_ended_by(refusal))


def _ended_by(refusal: Refusal) -> Message:
    code = Code.FULL
    if isinstance(refusal, Throttled):
        code = Code.TOO_MANY
    elif isinstance(refusal, Unauthenticated):
        code = Code.TOKEN
    return {"type": "websocket.close", "code": int(code), "reason": code.name.lower()}


def named_by(receive: Receive, verify: Verify, place: Place) -> Receive:
    """The same; where the client's first message says who it is, the place is theirs from there on, or refused.

    For sockets that no header names; of others the token of a message is looked at by nobody.
    """
    looked = False

    async def heard() -> Message:
        nonlocal looked
        message = await receive()
        if message["type"] == "websocket.receive" and not looked:
            looked = True
            if (token := _token_in(message.get("text"))) is not None:
                place.belongs_to((await verified(verify, token)).subject)
        return message

    return heard


def _token_in(text: str | None) -> bytes | None:
    """None where it cannot be read: whoever stands behind knows what to say of that."""
    try:
        said = msgspec.json.decode(text or "", type=Said) if len(text or "") <= MAX_MESSAGE else Said()
        return None if said.token is UNSET else said.token.encode().strip()
    except (msgspec.MsgspecError, UnicodeError):
        return None


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
