"""The server: token, trace and deadline of each call, dispatched like any other edge's; health and reflection."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from opentelemetry.trace import SpanKind

from tradewind.api.auth.outside import verified
from tradewind.api.auth.tokens import MAX_TOKEN_HEADER, TokenInvalid
from tradewind.api.grpc import statuses
from tradewind.api.grpc.answering_together import SERVICE as TOGETHER
from tradewind.api.grpc.answering_together import Answering, StatusError, together
from tradewind.api.grpc.methods import Method, as_bytes, by_service
from tradewind.api.grpc.tls import Certificates
from tradewind.api.rest import headers
from tradewind.api.rest.headers import Trail
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid, Refusal
from tradewind.runtime.call import Actor, Call
from tradewind.runtime.telemetry.logs import log, names_of
from tradewind.runtime.telemetry.traces import span

MAX_MESSAGE_BYTES: Final = 256 * 1024
MAX_METADATA_BYTES: Final = 16 * 1024
MAX_CALLS: Final = 1024
"""Requests under way at once; the next one is refused (RESOURCE_EXHAUSTED)."""
LONGEST_S: Final = 30.0
"""Seconds that a call may take whose caller set no deadline."""
GRACE_S: Final = 10.0
"""Seconds that calls under way have when the server stops."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """What every call goes through. `verify` and `confirm` refuse tokens; `dispatch` does the rest."""

    verify: Callable[[bytes], Actor]
    confirm: Callable[[Actor], Awaitable[None]]
    dispatch: Callable[[Command, Call], Awaitable[Any]]


@asynccontextmanager
async def serving(
    methods: Sequence[Method], door: Door, address: str, certificates: Certificates | None
) -> AsyncIterator[int]:
    """Answer at `address` (host:port; port 0 takes a free one) until the block is left; the port.

    Calls under way are then finished. Raises RuntimeError where the address is taken.
    """
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_metadata_size", MAX_METADATA_BYTES),
            ("grpc.so_reuseport", 0),
        ],
        maximum_concurrent_rpcs=MAX_CALLS,
    )
    services = by_service(methods)
    every = dict[str, Answering]()
    for name, group in services.items():
        answering = {method.name: _answering(method, door) for method in group}
        every |= {f"{name}/{one}": found for one, found in answering.items()}
        handlers = {one: _handler(found) for one, found in answering.items()}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
    server.add_generic_rpc_handlers((together(every),))
    standing = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(standing, server)
    reflection.enable_server_reflection((*services, TOGETHER, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    if certificates is None:
        port = server.add_insecure_port(address)
    else:
        port = server.add_secure_port(address, certificates.of_server())
    await server.start()
    for name in ("", *services):
        await standing.set(name, health_pb2.HealthCheckResponse.SERVING)
    try:
        yield port
    finally:
        await standing.enter_graceful_shutdown()
        await server.stop(GRACE_S)


def _answering(method: Method, door: Door) -> Answering:
    route = f"{method.service.full_name}/{method.name}"

    async def answer(request: Message, given: Mapping[bytes, bytes]) -> Message:
        trail = headers.trail(given)
        try:
            with span(route, trail.trace_id, kind=SpanKind.SERVER):
                return await ask(request, given, trail)
        except Refusal as refusal:
            code = statuses.status_of(type(refusal))
            raise StatusError(code, refusal.detail, statuses.trailers(refusal)) from None
        except Exception:  # noqa: BLE001 -- it was logged within its span
            raise StatusError(grpc.StatusCode.INTERNAL, "Something broke here.") from None

    async def ask(request: Message, given: Mapping[bytes, bytes], trail: Trail) -> Message:
        names = {"traceId": trail.trace_id, "correlationId": trail.correlation_id}
        try:
            if trail.fault:
                raise Invalid(trail.fault)
            actor = await _actor(given, door)
            call = Call(actor=actor, correlation_id=trail.correlation_id, trace_id=trail.trace_id, route=route)
            names = names_of(call)
            return method.answer(await door.dispatch(method.command(request), call))
        except Refusal:
            raise
        except Exception:
            log.exception("gRPC call failed", route=route, **names)
            raise

    return Answering(request=method.request, answer=answer)


def _handler(answering: Answering) -> grpc.RpcMethodHandler:
    """One question that comes alone."""

    async def answer(request: Message, context: Any) -> Message:
        try:
            return await answering.answer(request, _metadata(context))
        except StatusError as status:
            await context.abort(status.code, status.detail, status.beside)
            raise AssertionError("abort raises") from None

    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=answering.request.FromString, response_serializer=as_bytes
    )


def _metadata(context: Any) -> Mapping[bytes, bytes]:
    pairs = context.invocation_metadata() or ()
    return {key.encode(): value if isinstance(value, bytes) else value.encode() for key, value in pairs}


async def _actor(given: Mapping[bytes, bytes], door: Door) -> Actor:
    """Who acts. Every method wants a token; a certificate says which process asks, not for whom."""
    scheme, _, token = given.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"bearer":
        raise TokenInvalid("A call needs a token: authorization: Bearer …")
    actor = await verified(door.verify, token.strip()[:MAX_TOKEN_HEADER])
    await door.confirm(actor)
    return actor
