"""An AI provider for tests: a server that speaks OpenAI's protocol on the wire, says what it was told to say, and fails
as it was told to fail. Its vectors are counts of words, so texts with words in common point alike."""

import hashlib
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.listening import listening

WIDTH = 64


@dataclass
class ScriptedAi:
    """What it will say next, and what it has heard."""

    url: str = ""
    replies: deque[Any] = field(default_factory=deque)
    """Messages as the protocol has them; an int is answered as that HTTP status, None never."""
    heard: list[dict[str, Any]] = field(default_factory=list)
    embedded: list[str] = field(default_factory=list)
    embedding_status: int = 200

    def says(self, text: str) -> None:
        """Next, say this."""
        self.replies.append({"role": "assistant", "content": text})

    def wants(self, tool: str, arguments: str) -> None:
        """Next, ask for this tool."""
        use = {"id": f"use-{len(self.replies)}", "type": "function", "function": {"name": tool, "arguments": arguments}}
        self.replies.append({"role": "assistant", "content": None, "tool_calls": [use]})

    async def chat(self, request: web.Request) -> web.Response:
        """POST /v1/chat/completions."""
        self.heard.append(await request.json())
        reply = self.replies.popleft()
        if isinstance(reply, int):
            return web.json_response({"error": {"message": "as scripted"}}, status=reply)
        choice = {"index": 0, "message": reply, "finish_reason": "stop"}
        return web.json_response({"id": "1", "object": "chat.completion", "created": 1, "model": "scripted",
                                  "choices": [choice]})  # fmt: skip

    async def embeddings(self, request: web.Request) -> web.Response:
        """POST /v1/embeddings."""
        if self.embedding_status != 200:
            return web.json_response({"error": {"message": "as scripted"}}, status=self.embedding_status)
        texts = (await request.json())["input"]
        self.embedded += texts
        data = [{"object": "embedding", "index": n, "embedding": vector(text)} for n, text in enumerate(texts)]
        return web.json_response({"object": "list", "model": "scripted", "data": data,
                                  "usage": {"prompt_tokens": 1, "total_tokens": 1}})  # fmt: skip


def vector(text: str) -> list[float]:
    """Counts of words, each at a place of its own by its digest."""
    counts = [0.0] * WIDTH
    for word in re.findall(r"\w+", text.lower()):
        counts[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % WIDTH] += 1
    return counts


@asynccontextmanager
async def scripted_ai() -> AsyncIterator[ScriptedAi]:
    """A server on a port of its own."""
    ai = ScriptedAi()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", ai.chat)
    app.router.add_post("/v1/embeddings", ai.embeddings)
    async with listening(app) as url:
        ai.url = f"{url}/v1"
        yield ai
