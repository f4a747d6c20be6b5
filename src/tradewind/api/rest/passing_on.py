"""A gateway: requests are passed on to the process that answers them, its answers are streamed back as they come.

Tokens and rates are checked here, once for all that stand behind, and so is how much one client keeps open; each of
them checks tokens again for itself. What stands behind and does not answer is 503 for its own routes; the others go on.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

import aiohttp
from yarl import URL

from tradewind.api.auth.outside import verified
from tradewind.api.auth.tokens import MAX_TOKEN_HEADER
from tradewind.api.live import sockets as live_sockets
from tradewind.api.rest import bodies, headers, problems, streams
from tradewind.api.rest.app import Receive, RestApp, Scope, Verify
from tradewind.api.rest.headers import Trail
from tradewind.api.rest.kept_open import KeptOpen
from tradewind.api.rest.matching import PathTable
from tradewind.api.rest.passing_sockets import named_by, pass_socket, refuse_socket
from tradewind.api.rest.rates import RateLimits
from tradewind.api.rest.replies import Send
from tradewind.kernel.errors import Refusal, Unavailable
from tradewind.kernel.ids import new_id

CONNECT_S: Final = 2.0
"""Seconds within which whoever stands behind takes a connection, and one to it is free."""
SILENT_S: Final = 75.0
"""Seconds for which an answer may be silent; streams say something more often than that."""
MAX_REQUESTS: Final = 1_024
MAX_CONNECTIONS: Final = streams.MAX_STREAMS + live_sockets.MAX_SOCKETS + MAX_REQUESTS
"""To each of those that stand behind: all that it keeps open, and so many requests besides. One that says nothing must
not take the room of the others."""
RETRY_AFTER_S: Final = 2
STREAM: Final = "text/event-stream"
HANDSHAKE: Final = "read"
"""As which of the rates a socket's handshake counts: whoever opens one asks to be told."""
Pair = tuple[bytes, bytes]
_OF_THE_HOP: Final = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"host",
    )
)
"""Headers that are about one connection; `Connection` names more of them (RFC 9110, 7.6.1)."""
_OURS: Final = frozenset((b"correlation-id", b"traceparent", b"x-forwarded-for"))


class ContextAway(Unavailable):
    """The part of the shop that answers this is away for the moment."""


class Behind(NamedTuple):
    """Who answers a route: the context's name, and the address of a process that serves it."""

    context: str
    url: str
    limit: str


def client() -> aiohttp.ClientSession:
    """The connections to those that stand behind; whoever asks for it closes it."""
    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_connect=CONNECT_S, sock_read=SILENT_S)
    return aiohttp.ClientSession(
        timeout=timeout,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=0, limit_per_host=MAX_CONNECTIONS),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
    )


class Gateway:
    """An ASGI application. What no context answers is a page of `pages`: health, metrics, OpenAPI of the whole shop.

    `sockets`: path of a WebSocket to the address of who answers it.
    """

    def __init__(
        self,
        table: PathTable[Behind],
        pages: RestApp,
        ask: aiohttp.ClientSession,
        verify: Verify,
        rates: RateLimits | None = None,
        sockets: Mapping[str, str] | None = None,
    ) -> None:
        self._sockets = sockets or {}
        self._open_streams = KeptOpen(streams.MAX_PER_CLIENT)
        self._open_sockets = KeptOpen(live_sockets.MAX_PER_CLIENT)
        self._table, self._pages, self._ask, self._verify, self._rates = table, pages, ask, verify, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._pass_socket(scope, receive, send)
        elif scope["type"] == "http" and (found := self._table.find(scope["path"])):
            methods, _ = found
            asked = "GET" if scope["method"] == "HEAD" else scope["method"]
            await self._pass_on(methods.get(asked) or next(iter(methods.values())), scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def _pass_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        url = self._sockets.get(scope["path"])
        if url is None:
            await self._pages(scope, receive, send)
            return
        known = headers.read(scope["headers"])
        kept = [pair for pair in _to_pass(scope, headers.trail(known), known) if not pair[0].startswith("sec-")]
        try:
            client = await self._admit(HANDSHAKE, known, scope)
            with self._open_sockets.one_more(client) as place:
                unnamed = client is not None and _bearer(known) is None
                heard = named_by(receive, self._verify, place) if unnamed else receive
                await pass_socket(self._ask, url, kept, scope, heard, send)
        except Refusal as refusal:
            await refuse_socket(refusal, receive, send)

    def close_streams(self) -> None:
        """Streams end with those that stand behind, or with their clients."""
        self._pages.close_streams()

    async def _pass_on(self, behind: Behind, scope: Scope, receive: Receive, send: Send) -> None:
        known = headers.read(scope["headers"])
        trail = headers.trail(known)
        try:
            client = await self._admit(behind.limit, known, scope)
            answer = await self._asked(behind, known, trail, scope, receive)
        except Refusal as refusal:
            if bodies.is_coming(known):
                await bodies.discard(receive)
            await _refuse(refusal, scope["path"], trail, send)
            return
        try:
            with self._open_streams.one_more(client if answer.content_type == STREAM else None):
                await _streamed(answer, receive, send)
        except streams.TooManyOfYours as refusal:
            await _refuse(refusal, scope["path"], trail, send)
        finally:
            answer.close()

    async def _admit(self, limit: str, known: Mapping[bytes, bytes], scope: Scope) -> str | None:
        """Who it is, by user or by address; None where nobody is counted.

        Refuses Throttled, Unauthenticated for a token that is none, and Unavailable where nobody can tell.
        """
        client = None
        if self._rates is not None:
            client = self._rates.client(scope.get("client"), known.get(b"x-forwarded-for"))
            (await self._rates.of_client(limit, client)).check()
        if (token := _bearer(known)) is not None:
            actor = await verified(self._verify, token)
            if self._rates is not None:
                (await self._rates.of_user(limit, actor.subject)).check()
                client = actor.subject
        return client

    async def _asked(
        self, behind: Behind, known: Mapping[bytes, bytes], trail: Trail, scope: Scope, receive: Receive
    ) -> aiohttp.ClientResponse:
        """The head of the answer. Refuses ContextAway."""
        query = scope["query_string"]
        path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
        target = f"{behind.url}{path.decode('latin-1')}{'?' + query.decode('latin-1') if query else ''}"
        body = _body(receive) if bodies.is_coming(known) else None
        try:
            return await self._ask.request(
                scope["method"],
                _as_it_stands(target),
                headers=_to_pass(scope, trail, known),
                data=body,
                allow_redirects=False,
            )
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise ContextAway(
                f"{behind.context} is away. Ask again, with the same Idempotency-Key where something is to be done.",
                retry_after_s=RETRY_AFTER_S,
                context=behind.context,
            ) from None


def _bearer(known: Mapping[bytes, bytes]) -> bytes | None:
    """The token of who asks, where there is one."""
    scheme, _, token = known.get(b"authorization", b"").partition(b" ")
    return token.strip()[:MAX_TOKEN_HEADER] if scheme.lower() == b"bearer" else None


def _as_it_stands(target: str) -> URL:
    """The address as the client spelled it: nothing is decoded or put in order on the way."""
    return URL(target, encoded=True)


def _to_pass(scope: Scope, trail: Trail, known: Mapping[bytes, bytes]) -> list[tuple[str, str]]:
    """The client's headers, whom it is asked for, and what the request is called from here on."""
    kept = [pair for pair in _beyond_the_hop(scope["headers"]) if pair[0] not in _OURS]
    peer = scope.get("client")
    hops = [one for one in (known.get(b"x-forwarded-for", b"").decode("latin-1"), str(peer[0]) if peer else "") if one]
    kept += [(b"x-forwarded-for", ", ".join(hops).encode("latin-1"))] if hops else []
    given = known.get(b"traceparent", b"").decode("latin-1")
    traceparent = given if trail.trace_id in given else f"00-{trail.trace_id}-{new_id().hex[-16:]}-01"
    # A name that is wrong goes on as it is, and is refused by whoever knows why.
    called = known.get(b"correlation-id", trail.correlation_id.encode())
    kept += [(b"traceparent", traceparent.encode("latin-1")), (b"correlation-id", called)]
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in kept]


def _beyond_the_hop(pairs: Iterable[Pair]) -> list[Pair]:
    """Without those that are about the one connection on which they came."""
    came = list(pairs)
    said = b",".join(value for name, value in came if name == b"connection")
    dropped = _OF_THE_HOP | {name.strip().lower() for name in said.split(b",")}
    return [pair for pair in came if pair[0] not in dropped]


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise aiohttp.ClientPayloadError("the client is gone")
        if chunk := message.get("body", b""):
            yield chunk
        if not message.get("more_body", False):
            return


async def _streamed(answer: aiohttp.ClientResponse, receive: Receive, send: Send) -> None:
    """Hand the answer over as it comes, until it ends or the client is gone."""
    pairs = _beyond_the_hop((name.lower(), value) for name, value in answer.raw_headers)
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})

    async def handed_over() -> None:
        async for chunk in answer.content.iter_any():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = {asyncio.ensure_future(handed_over()), asyncio.ensure_future(gone())}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _refuse(refusal: Refusal, path: str, trail: Trail, send: Send) -> None:
    content = problems.document(refusal, instance=path, trace_id=trail.trace_id)
    extra: Iterable[tuple[bytes, bytes]] = (
        (name.lower().encode(), value.encode("latin-1")) for name, value in problems.headers(refusal)
    )
    pairs = [
        *headers.SEALED,
        (b"correlation-id", trail.correlation_id.encode()),
        (b"content-type", problems.MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(content)),
        *extra,
    ]
    await send({"type": "http.response.start", "status": problems.status_of(type(refusal)), "headers": pairs})
    await send({"type": "http.response.body", "body": content, "more_body": False})
