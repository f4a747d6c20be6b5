"""The REST application: declared routes are answered here, the pages around them by Litestar."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from time import perf_counter
from typing import Any, Final, Protocol

from opentelemetry.trace import SpanKind
from prometheus_client import REGISTRY, CollectorRegistry, Histogram

from tradewind.api.auth.outside import verified
from tradewind.api.auth.tokens import MAX_TOKEN_HEADER
from tradewind.api.live import Follow
from tradewind.api.live.sockets import Door, Socket, Sockets
from tradewind.api.rest import bodies, headers, versions
from tradewind.api.rest.binding import Binding, location_leads_somewhere
from tradewind.api.rest.headers import Trail
from tradewind.api.rest.matching import PathTable
from tradewind.api.rest.openapi import describe
from tradewind.api.rest.pages import Check, figures_of, host_of
from tradewind.api.rest.rates import RateLimits, Standing
from tradewind.api.rest.refusals import InternalFault, InvalidHeader, MethodNotAllowed, TokenMissing
from tradewind.api.rest.replies import Send, honest, in_words, refused, send_all, told
from tradewind.api.rest.routes import READS, Dispatch, Route
from tradewind.api.rest.streams import Streams
from tradewind.kernel.errors import Refusal
from tradewind.runtime.call import ANONYMOUS, Actor, Call
from tradewind.runtime.telemetry import traces
from tradewind.runtime.telemetry.logs import log, names_of
from tradewind.runtime.telemetry.traces import span

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Verify = Callable[[bytes], Actor]
"""Turns a bearer token into the one who acts, or refuses (Unauthenticated)."""

request_seconds: Final = Histogram(
    "http_request_seconds",
    "From the request's head to the last byte handed over, in seconds.",
    ["route", "status"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30),
)
TOKEN_URL: Final = "/api/v1/auth/token"  # noqa: S105 -- an address, not a secret


class Sessions(Protocol):
    """Whether the session of a token that was verified is still alive, where `verify` alone may not know."""

    def in_doubt(self, actor: Actor) -> bool:
        """Whether `confirm` must be asked first."""
        ...

    async def confirm(self, actor: Actor) -> None:
        """Refuse (Unauthenticated) an ended session."""
        ...


class RestApp:
    """An ASGI application. What is not a declared route is Litestar's."""

    def __init__(
        self,
        bindings: PathTable[Binding],
        host: Any,
        verify: Verify,
        dispatch: Dispatch,
        rates: RateLimits | None = None,
        sessions: Sessions | None = None,
    ) -> None:
        self._table = bindings
        self._host = host
        self._verify = verify
        self._dispatch = dispatch
        self._rates = rates
        self._sessions = sessions
        self._timers: dict[tuple[str, int], Any] = {}
        self._others: dict[str, Any] = {}
        self._streams = Streams()
        door = Door(
            verify=verify, confirm=self._confirm, dispatch=dispatch, problem=in_words, limited=rates is not None
        )
        self._sockets = Sockets(door)

    def alias(self, path: str, other: str) -> None:
        """Answer what is declared at `path`, and all below it, at `other` too."""
        self._table.alias(path, other)

    def mount(self, path: str, other: Any) -> None:
        """Let another ASGI application answer HTTP at this one path, in a protocol of its own."""
        self._others[path] = other

    def socket(self, declared: Socket) -> None:
        """Answer WebSockets at its path."""
        self._sockets.declare(declared)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._sockets(scope, receive, send)
        elif scope["type"] != "http":
            await self._host(scope, receive, send)
        elif found := self._table.find(scope["path"]):
            await self._answer(*found, scope, receive, send)
        elif other := self._others.get(scope["path"]):
            await other(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    async def _answer(
        self, methods: Mapping[str, Binding], values: list[str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        known = headers.read(scope["headers"])
        trail, method = headers.trail(known), scope["method"]
        binding = methods.get("GET" if method == "HEAD" else method)
        name = f"{method} {binding.route.path if binding else '(none)'}"
        with span(name, trail.trace_id, kind=SpanKind.SERVER):
            await self._reply(methods, binding, values, known, trail, scope, receive, send)

    async def _reply(
        self,
        methods: Mapping[str, Binding],
        binding: Binding | None,
        values: list[str],
        known: Mapping[bytes, bytes],
        trail: Trail,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        started, method = perf_counter(), scope["method"]
        call: Call | None = None
        standings: list[Standing] = []
        unread = bodies.is_coming(known)
        try:
            if binding is None:
                raise MethodNotAllowed(*methods)
            call = await self._call(binding, known, trail, scope, standings)
            await self._confirm(call.actor)
            unread = unread and not binding.reads_body
            body = await bodies.read(receive, known, binding.max_body_bytes) if binding.reads_body else b""
            arguments = binding.arguments(values, scope["query_string"], body, known, call, self._dispatch)
            arguments |= binding.with_headers(scope["headers"])
            answer = await binding.route.function(**arguments)
            if type(answer) is Follow and method != "HEAD":
                await self._stream(answer, known, call, trail, scope, receive, send)
                return
            status, content, extra = binding.response(answer)
            content_type = binding.content_type
            if method in READS and "ETag" in extra and versions.is_known(known, extra["ETag"]):
                status, content = 304, b""
            if binding.has_location and status == 201:
                extra = {"Location": f"{scope['path']}/{answer.id}", **extra}
            if binding.route.waits and call.wait_s:
                extra = {"Preference-Applied": f"wait={int(call.wait_s)}", **extra}
        except Refusal as refusal:
            status, content_type, content, extra = refused(honest(refusal, call), binding, scope["path"], trail)
        except bodies.ClientGone:
            return
        except Exception:  # noqa: BLE001 -- whatever broke, the client is told so in the form that it knows
            log.exception("request failed", route=binding and binding.name, **_whose(trail, call))
            status, content_type, content, extra = refused(InternalFault(), None, scope["path"], trail)
        if unread:
            await bodies.discard(receive)
        await send_all(send, status, content_type, content, extra, trail, told(standings), silent=method == "HEAD")
        self._observe(binding.name if binding else "(none)", status, perf_counter() - started)

    async def _stream(
        self,
        follow: Follow,
        known: Mapping[bytes, bytes],
        call: Call,
        trail: Trail,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer with events. Where rates are limited, so is how many streams one user or address keeps open."""
        client = None
        if self._rates is not None:
            address = self._rates.client(scope.get("client"), known.get(b"x-forwarded-for"))
            client = address if call.actor is ANONYMOUS else call.actor.subject
        head = [*headers.SEALED, (b"correlation-id", trail.correlation_id.encode())]
        authorization = known.get(b"authorization")

        def still_allowed() -> None:
            self._actor(authorization, public=True)

        await self._streams.serve(follow, client, known.get(b"last-event-id"), head, still_allowed, receive, send)

    def close_streams(self) -> None:
        """End the streams that are open, which would otherwise hold up the end of the process; open none after."""
        self._streams.close()
        self._sockets.close()

    async def _confirm(self, actor: Actor) -> None:
        """Refuse (Unauthenticated) an ended session, where the token's own word is not enough."""
        if self._sessions is not None and self._sessions.in_doubt(actor):
            await self._sessions.confirm(actor)

    async def _call(
        self,
        binding: Binding,
        known: Mapping[bytes, bytes],
        trail: Trail,
        scope: Scope,
        standings: list[Standing],
    ) -> Call:
        """What the client asks for. `standings`: what is left to it of its rate limits, filled here."""
        rates, kind = self._rates, binding.route.limit
        if rates is not None:
            client = rates.client(scope.get("client"), known.get(b"x-forwarded-for"))
            standings.append(await rates.of_client(kind, client))
            standings[-1].check()
        authorization, public = known.get(b"authorization") or b"", bool(binding.route.public)
        actor = await verified(lambda said: self._actor(said, public=public), authorization)
        if rates is not None and actor is not ANONYMOUS:
            standings.append(await rates.of_user(kind, actor.subject))
            standings[-1].check()
        if trail.fault:
            raise InvalidHeader(trail.fault)
        return Call(
            actor=actor,
            correlation_id=trail.correlation_id,
            trace_id=trail.trace_id,
            route=binding.name,
            idempotency_key=headers.idempotency_key(known) if binding.route.mutates else None,
            wait_s=headers.wait_s(known),
            device=headers.device(known) if binding.route.mutates else "",
        )

    def _actor(self, authorization: bytes | None, *, public: bool) -> Actor:
        """Who acts. A token is verified wherever it is seen; without one only public routes are answered."""
        scheme, _, token = (authorization or b"").partition(b" ")
        if scheme.lower() == b"bearer":
            return self._verify(token.strip()[:MAX_TOKEN_HEADER])
        if not public:
            raise TokenMissing
        return ANONYMOUS

    def _observe(self, name: str, status: int, seconds: float) -> None:
        traces.note(**{"http.response.status_code": status})
        timer = self._timers.get((name, status))
        if timer is None:
            timer = self._timers[name, status] = request_seconds.labels(name, str(status))
        timer.observe(seconds)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Litestar answer, with our headers on what it says."""
        known = headers.read(scope["headers"])
        trail = headers.trail(known)
        if bodies.is_coming(known):
            await bodies.discard(receive)
        scope.setdefault("state", {})["trail"] = trail

        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message["headers"])
                names = {name.lower() for name, _ in given}
                added = [pair for pair in headers.SEALED if pair[0] not in names]
                message = {**message, "headers": [*given, *added, (b"correlation-id", trail.correlation_id.encode())]}
            await send(message)

        await self._host(scope, receive, signed)


def _whose(trail: Trail, call: Call | None) -> Mapping[str, str]:
    """What a line of the log says of a request."""
    return names_of(call) if call else {"traceId": trail.trace_id, "correlationId": trail.correlation_id}


def create_app(
    routes: Iterable[Route],
    *,
    verify: Verify,
    dispatch: Dispatch,
    readiness: Mapping[str, Check] | None = None,
    registry: CollectorRegistry = REGISTRY,
    lifespan: Callable[[], AbstractAsyncContextManager[None]] | None = None,
    rates: RateLimits | None = None,
    sessions: Sessions | None = None,
) -> RestApp:
    """The ASGI application that answers `routes` and the pages around them.

    `readiness`: named asynchronous checks; one that raises makes `/health/ready` answer 503; a
    word that one returns is told there, and is no reason to send anybody elsewhere. `lifespan`: entered before
    the first request, left after the last. `rates`: how much one client and one user may ask; all they like without.
    `sessions`: asked about each token's session; without it `verify` alone decides.
    """
    declared = list(routes)
    gets = {route.path for route in declared if route.method == "GET"}
    table: PathTable[Binding] = PathTable()
    for route in declared:
        table.add(route.method, route.path, Binding(route, has_location=location_leads_somewhere(route, gets)))
    host = host_of(partial(describe, declared, token_url=TOKEN_URL), readiness or {}, figures_of(registry), lifespan)
    return RestApp(table, host, verify, dispatch, rates, sessions)
