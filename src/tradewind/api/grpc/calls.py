"""One call: token, trace and deadline of it, dispatched like any other edge's."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf.message import Message
from opentelemetry.trace import SpanKind

from tradewind.api.auth.outside import verified
from tradewind.api.auth.tokens import MAX_TOKEN_HEADER, TokenInvalid
from tradewind.api.grpc import statuses
from tradewind.api.grpc.answering_together import Answering, StatusError
from tradewind.api.grpc.methods import Method, as_bytes
from tradewind.api.rest import headers
from tradewind.api.rest.headers import Trail
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid, Refusal
from tradewind.runtime.call import Actor, Call
from tradewind.runtime.telemetry.logs import log, names_of
from tradewind.runtime.telemetry.traces import span

LONGEST_S: Final = 30.0
"""Seconds that any call may take; its caller's deadline ends it before that, where there is one."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """What every call goes through. `verify` and `confirm` refuse tokens; `dispatch` does the rest."""

    verify: Callable[[bytes], Actor]
    confirm: Callable[[Actor], Awaitable[None]]
    dispatch: Callable[[Command, Call], Awaitable[Any]]


def answering(method: Method, door: Door) -> Answering:
    """What answers one method: token, trail, span, dispatch; a refusal becomes a status."""
    route = f"{method.service.full_name}/{method.name}"

    async def answer(request: Message, given: Mapping[bytes, bytes]) -> Message:
        trail, limit = headers.trail(given), asyncio.timeout(LONGEST_S)
        try:
            with span(route, trail.trace_id, kind=SpanKind.SERVER):
                async with limit:
                    return await ask(request, given, trail)
        except Refusal as refusal:
            code = statuses.status_of(type(refusal))
            raise StatusError(code, refusal.detail, statuses.trailers(refusal)) from None
        except Exception:  # noqa: BLE001 -- it was logged within its span
            if limit.expired():
                raise StatusError(grpc.StatusCode.DEADLINE_EXCEEDED, f"It took over {LONGEST_S:g} s.") from None
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


def alone(answering: Answering) -> grpc.RpcMethodHandler:
    """gRPC's handler of questions that come alone."""

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
