"""One client of a socket: what it says, what waits for it, what it follows, and why it ended."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from enum import IntEnum
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from tradewind.api.live.topics import Told, Topic, TopicFollow
from tradewind.runtime.call import Actor

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_QUEUE: Final = 256
"""Frames that wait for one client; one that is further behind is dropped."""
MAX_MESSAGE: Final = 8_192 + 1_024
"""Characters of one message: a token, and a wish."""
MAX_MESSAGES: Final = 120
"""Messages of one client between two heartbeats."""


class Code(IntEnum):
    """Why a socket ended."""

    GONE = 1000
    STOPPING = 1001
    BROKEN = 1011
    FULL = 1013
    UNREADABLE = 4400
    TOKEN = 4401
    NOT_FOUND = 4404
    UNNAMED = 4408
    TOO_SLOW = 4413
    TOO_MANY = 4429


class Said(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message of a client."""

    token: str | UnsetType = UNSET
    subscribe: Raw | UnsetType = UNSET
    unsubscribe: Raw | UnsetType = UNSET
    after: str | UnsetType = UNSET


class End(Exception):  # noqa: N818 -- it is how a conversation ends
    """The socket is over."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


class Talk:
    """One client's line: what waits for it, what it follows. Publishers put; one task writes."""

    def __init__(self) -> None:
        self.over: asyncio.Future[Code] = asyncio.get_running_loop().create_future()
        self.follows: dict[str, TopicFollow] = {}
        self.messages = 0
        self.actor: Actor | None = None
        self.token = b""
        self._waiting: deque[str] = deque()
        self._more = asyncio.Event()

    def put(self, frame: str) -> None:
        """Add to what waits; a client for whom too much waits is dropped."""
        if len(self._waiting) >= MAX_QUEUE:
            self.end(Code.TOO_SLOW)
            return
        self._waiting.append(frame)
        self._more.set()

    def say(self, event: str, data: Any = UNSET, subscription: Any = None) -> None:
        """Put a frame that is for this client alone."""
        self.put(msgspec.json.encode(Told(event=event, subscription=subscription, data=data)).decode())

    def end(self, code: Code) -> None:
        """It is over; what waits is not sent any more."""
        if not self.over.done():
            self.over.set_result(code)

    async def write(self, send: Send) -> None:
        """Send what waits, for good."""
        while True:
            while self._waiting:
                await send({"type": "websocket.send", "text": self._waiting.popleft()})
            self._more.clear()
            await self._more.wait()

    def drop(self, topic: Topic) -> None:
        """A topic that it followed has ended."""
        self.follows.pop(topic.key, None)

    def leave(self) -> None:
        """Follow nothing any more."""
        for follow in self.follows.values():
            follow.channel.leave(self, follow.topic)
        self.follows.clear()


async def next_said(talk: Talk, receive: Receive) -> Said:
    """The client's next message; End where there is none, or none that can be read."""
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise End(Code.GONE)
    talk.messages += 1
    if talk.messages > MAX_MESSAGES:
        raise End(Code.TOO_MANY)
    text = message.get("text") or ""
    if not 0 < len(text) <= MAX_MESSAGE:
        raise End(Code.UNREADABLE)
    try:
        return msgspec.json.decode(text, type=Said)
    except (msgspec.MsgspecError, UnicodeError):
        raise End(Code.UNREADABLE) from None
