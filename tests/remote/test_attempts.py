"""How often inventory is asked before it counts as silent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
import pytest_asyncio

from tests.shops import a_call
from tradewind.adapters.inventory.grpc import SERVICE, InventoryDidNotAnswer, grpc_inventory
from tradewind.contracts.inventory import InventoryReserved, Wanted
from tradewind.contracts.proto.tradewind.inventory.v1 import inventory_pb2 as pb
from tradewind.kernel.ids import new_id


@dataclass
class Server:
    """Fails so many calls with `code`, then answers."""

    fails: int = 0
    code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE
    asked: int = 0
    port: int = 0

    async def answer(self, request: pb.ReserveRequest, context: Any) -> pb.ReserveResponse:
        self.asked += 1
        if self.asked <= self.fails:
            await context.abort(self.code, "not now")
        return pb.ReserveResponse(order_id=request.order_id, items=[pb.HeldItem(sku="BOOK", quantity=1)])

    async def reserve(self) -> Any:
        async with grpc_inventory(f"127.0.0.1:{self.port}", lambda: "token") as client:
            return await client.reserve(Wanted(new_id(), {"BOOK": 1}), a_call())


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    handler = grpc.unary_unary_rpc_method_handler(
        found.answer,
        request_deserializer=pb.ReserveRequest.FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )
    running = grpc.aio.server()
    running.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"ReserveStock": handler}),))
    found.port = running.add_insecure_port("127.0.0.1:0")
    await running.start()
    yield found
    await running.stop(None)


async def test_inventory_is_asked_three_times_and_no_more(server: Server) -> None:
    server.fails = 9
    with pytest.raises(InventoryDidNotAnswer):
        await server.reserve()
    assert server.asked == 3


async def test_the_third_answer_counts(server: Server) -> None:
    server.fails = 2
    assert isinstance(await server.reserve(), InventoryReserved)
    assert server.asked == 3


async def test_what_asking_again_does_not_mend_is_asked_once(server: Server) -> None:
    server.fails, server.code = 9, grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(InventoryDidNotAnswer, match="PERMISSION_DENIED"):
        await server.reserve()
    assert server.asked == 1
