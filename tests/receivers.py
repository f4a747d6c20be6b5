"""Outside parties that take messages: a mail server and a carrier of texts, real ones on the wire, with scripts.

Each takes one word of its script per message handed to it, and does what the word says; at the end of the script it
takes everything. What it took, it keeps; a repetition is told by the id, as a mailbox would.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope

from tests.listening import listening

LOOPBACK: Final = "127.0.0.1"
SAYINGS: Final = {"later": "451 try again", "unknown": "550 no such user", "full": "452 no space left"}


class MailServer:
    """An SMTP server. Script: `later`, `full`, `unknown`, or `lost` (taken, but the answer never comes)."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.took: list[EmailMessage] = []
        self.url = ""
        self.heard = asyncio.Event()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        """Take a mail, or say what the script says."""
        word = self.script.pop(0) if self.script else "take"
        if word in SAYINGS:
            return SAYINGS[word]
        assert isinstance(envelope.content, bytes)
        found = message_from_bytes(envelope.content, policy=default)
        assert isinstance(found, EmailMessage)
        self.took.append(found)
        self.heard.set()
        if word == "lost":
            _server.transport.abort()
        return "250 taken"

    @property
    def mailbox(self) -> dict[str, EmailMessage]:
        """What its owner sees: each Message-ID once."""
        return {str(one["Message-ID"]): one for one in self.took}


@asynccontextmanager
async def a_mail_server() -> AsyncIterator[MailServer]:
    """One that listens."""
    server = MailServer()
    listening = await asyncio.get_running_loop().create_server(lambda: SMTP(server, enable_SMTPUTF8=True), LOOPBACK, 0)
    server.url = f"smtp://{LOOPBACK}:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


class Carrier:
    """An HTTP carrier of texts. Script: a status to answer with, or `lost` (taken, but the answer never comes)."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.took: list[dict[str, Any]] = []
        self.keys: Sequence[str] = ()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        """Take a text, or say what the script says."""
        word = self.script.pop(0) if self.script else "take"
        if word.isdecimal():
            return web.Response(status=int(word))
        said = await request.json()
        assert request.headers["Idempotency-Key"] == said["id"]
        self.keys = [*self.keys, request.headers.get("Authorization", "")]
        self.took.append(said)
        if word == "lost":
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=202)

    @property
    def shown(self) -> dict[str, dict[str, Any]]:
        """What its owner sees: each id once."""
        return {one["id"]: one for one in self.took}


@asynccontextmanager
async def a_carrier() -> AsyncIterator[Carrier]:
    """One that listens."""
    carrier = Carrier()
    app = web.Application()
    app.router.add_post("/texts", carrier.take)
    async with listening(app) as url:
        carrier.url = f"{url}/texts"
        yield carrier
