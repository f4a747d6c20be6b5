"""The server: methods at an address, each alone or together with others; health and reflection."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from tradewind.api.grpc.answering_together import SERVICE as TOGETHER
from tradewind.api.grpc.answering_together import Answering, together
from tradewind.api.grpc.calls import Door, alone, answering
from tradewind.api.grpc.methods import Method, by_service
from tradewind.api.grpc.tls import Certificates

MAX_MESSAGE_BYTES: Final = 256 * 1024
MAX_METADATA_BYTES: Final = 16 * 1024
MAX_CALLS: Final = 1024
"""Requests under way at once; the next one is refused (RESOURCE_EXHAUSTED)."""
GRACE_S: Final = 10.0
"""Seconds that calls under way have when the server stops."""


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
        found = {method.name: answering(method, door) for method in group}
        every |= {f"{name}/{one}": answers for one, answers in found.items()}
        handlers = {one: alone(answers) for one, answers in found.items()}
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
