"""A shop that answers over gRPC, and whoever asks it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import pytest_asyncio

from tests.shops import Shop
from tradewind.app.remote import answering_remotely
from tradewind.contracts.proto.tradewind.inventory.v1 import inventory_pb2 as pb

SERVICE = "/tradewind.inventory.v1.Inventory/"
ANSWERS: dict[str, Any] = {
    "ReserveStock": pb.ReserveResponse,
    "ConfirmStock": pb.ConfirmResponse,
    "ReleaseStock": pb.ReleaseResponse,
    "AmendStock": pb.AmendResponse,
    "QueryStock": pb.StockStatus,
}


class Asker:
    """One who asks by a channel, with a token where there is one."""

    def __init__(self, channel: Any, token: str | None) -> None:
        self.channel, self.token = channel, token

    async def __call__(self, method: str, request: Any, **metadata: str) -> Any:
        """The answer; raises grpc.aio.AioRpcError."""
        known = {"authorization": f"Bearer {self.token}"} if self.token else {}
        call = self.channel.unary_unary(
            SERVICE + method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=ANSWERS[method].FromString,
        )
        return await call(request, metadata=[*(known | metadata).items()], timeout=20)


def a_token(shop: Shop, *, role: str = "warehouse", scope: str = "inventory:write", lifetime_s: int = 600) -> str:
    """A token of one who may move stock."""
    scopes = (scope, "catalog:read")
    return shop.keys.sign(
        subject="service:orders", roles=(role,), scopes=scopes, tenant="default", lifetime_s=lifetime_s
    )


@pytest_asyncio.fixture
async def port(shop: Shop) -> AsyncIterator[int]:
    """Where the shop answers."""
    async with answering_remotely(replace(shop, settings=replace(shop.settings, grpc_port=0))) as found:
        assert found
        yield found


@pytest_asyncio.fixture
async def channel(port: int) -> AsyncIterator[Any]:
    """A channel there, without TLS."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as found:
        yield found


@pytest_asyncio.fixture
async def ask(shop: Shop, channel: Any) -> Asker:
    """Somebody who may move stock."""
    return Asker(channel, a_token(shop))
