"""Asking another process over gRPC: how it is reached, and what goes with each question."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc

from tradewind.api.grpc.asking_together import Ask, Together
from tradewind.api.grpc.tls import Certificates
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import Call

MAX_MESSAGE_BYTES: Final = 256 * 1024


@asynccontextmanager
async def channel_to(address: str, certificates: Certificates | None) -> AsyncIterator[Any]:
    """A channel to `address` (host:port). It asks nothing again by itself: whoever asks decides that."""
    options = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.enable_retries", 0)]
    channel = (
        grpc.aio.insecure_channel(address, options=options)
        if certificates is None
        else grpc.aio.secure_channel(address, certificates.of_client(), options=options)
    )
    async with channel:
        yield channel


def methods(channel: Any, service: str, answers: Mapping[str, Any]) -> dict[str, Ask]:
    """By name, the methods of `service` that answer with such messages; those asked at once share a request."""
    together = Together(channel)
    return {name: together.method(f"{service}/{name}", answer) for name, answer in answers.items()}


def metadata(token: Callable[[], str], call: Call) -> list[tuple[str, str]]:
    """Who asks, within which trace, and on behalf of what."""
    return [
        ("authorization", f"Bearer {token()}"),
        ("traceparent", f"00-{call.trace_id}-{new_id().hex[-16:]}-01"),
        ("correlation-id", call.correlation_id),
    ]
