"""service Inventory over gRPC: who is let in, what is refused and how, what twice, late and early come to."""

import asyncio
import sys
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.builders import a_product
from tests.remote.conftest import Asker, a_token
from tests.shops import Shop
from tradewind.api.grpc import calls
from tradewind.api.grpc.server import MAX_MESSAGE_BYTES
from tradewind.api.grpc.statuses import facts_in
from tradewind.contracts.proto.tradewind.inventory.v1 import inventory_pb2 as pb
from tradewind.kernel.ids import new_id

pytestmark = pytest.mark.adapter("grpc")

CODE = grpc.StatusCode
ONE_MORE = str(new_id())
TRACE = "0af7651916cd43dd8448eb211c80319c"


def reserve(order_id: str = "", qty: int = 2, sku: str = "BOOK") -> pb.ReserveRequest:
    return pb.ReserveRequest(order_id=order_id or str(new_id()), items=[pb.Item(sku=sku, quantity=qty)])


async def refused(asked: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await asked
    return error.value


async def stock(shop: Shop) -> tuple[int, int]:
    row = await shop.db.pool.fetchrow("SELECT on_hand, reserved FROM inventory.inventory_stock WHERE sku = 'BOOK'")
    return row["on_hand"], row["reserved"]


async def test_without_a_token_or_with_a_bad_one_nobody_is_answered(shop: Shop, channel: Any) -> None:
    for token in (None, "nonsense", a_token(shop, lifetime_s=-600)):
        for method, request in (("ReserveStock", reserve()), ("QueryStock", pb.StockQuery(sku="BOOK"))):
            assert (await refused(Asker(channel, token)(method, request))).code() is CODE.UNAUTHENTICATED


async def test_the_policy_decides_as_for_any_other_edge(shop: Shop, channel: Any) -> None:
    await a_product(shop, "BOOK")
    customer = Asker(channel, a_token(shop, role="customer", scope="order:write"))
    requests = {
        "ReserveStock": reserve(),
        "ConfirmStock": pb.ConfirmRequest(order_id=str(new_id())),
        "ReleaseStock": pb.ReleaseRequest(order_id=str(new_id())),
        "AmendStock": pb.AmendRequest(order_id=str(new_id()), edit_id=str(new_id())),
    }
    for method, request in requests.items():
        assert (await refused(customer(method, request))).code() is CODE.PERMISSION_DENIED
    assert (await customer("QueryStock", pb.StockQuery(sku="BOOK"))).available == 10
    assert await stock(shop) == (10, 0)


async def test_what_makes_no_sense_is_refused(shop: Shop, ask: Asker) -> None:
    await a_product(shop, "BOOK")
    twice = pb.ReserveRequest(order_id=str(new_id()), items=[pb.Item(sku="BOOK", quantity=1)] * 2)
    for request in (reserve("no-uuid"), reserve(qty=0), reserve(qty=-3), pb.ReserveRequest(), twice):
        assert (await refused(ask("ReserveStock", request))).code() is CODE.INVALID_ARGUMENT
    large = reserve(sku="X" * MAX_MESSAGE_BYTES)
    assert (await refused(ask("ReserveStock", large))).code() is CODE.RESOURCE_EXHAUSTED
    unknown = pb.StockQuery(sku="NOBODY-KNOWS")
    assert (await refused(ask("QueryStock", unknown))).code() is CODE.NOT_FOUND
    never = pb.ConfirmRequest(order_id=str(new_id()))
    assert (await refused(ask("ConfirmStock", never))).code() is CODE.NOT_FOUND
    assert await stock(shop) == (10, 0)


async def test_goods_that_are_missing_are_named(shop: Shop, ask: Asker) -> None:
    await a_product(shop, "BOOK")
    error = await refused(ask("ReserveStock", reserve(qty=11)))
    assert error.code() is CODE.FAILED_PRECONDITION
    assert dict(error.trailing_metadata())["tradewind-refusal"] == "NotEnoughStock"
    assert facts_in(error.trailing_metadata())["skus"] == ["BOOK"]
    assert await stock(shop) == (10, 0)


async def test_try_confirm_and_cancel_each_twice_count_once(shop: Shop, ask: Asker) -> None:
    await a_product(shop, "BOOK")
    order = reserve()
    held = await ask("ReserveStock", order)
    assert await ask("ReserveStock", order) == held
    assert [(item.sku, item.quantity, item.warehouse) for item in held.items] == [("BOOK", 2, "MAIN")]
    assert await stock(shop) == (10, 2)
    for _ in range(2):
        await ask("ConfirmStock", pb.ConfirmRequest(order_id=order.order_id))
        assert await stock(shop) == (8, 0)
    for _ in range(2):
        await ask("ReleaseStock", pb.ReleaseRequest(order_id=order.order_id))
        assert await stock(shop) == (10, 0)
    error = await refused(ask("ConfirmStock", pb.ConfirmRequest(order_id=order.order_id)))
    assert error.code() is CODE.FAILED_PRECONDITION


async def test_the_same_order_many_times_at_once_is_held_once(shop: Shop, ask: Asker) -> None:
    await a_product(shop, "BOOK")
    order = reserve()
    answers = await asyncio.gather(*(ask("ReserveStock", order) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert await stock(shop) == (10, 2)


async def test_a_call_that_takes_too_long_is_ended_and_asked_again_holds_once(
    shop: Shop, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_product(shop, "BOOK")
    asked = reserve()
    async with shop.db.pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM inventory.inventory_stock WHERE sku = 'BOOK' FOR UPDATE")
        with monkeypatch.context() as hasty:
            hasty.setattr(calls, "LONGEST_S", 0.2)
            assert (await refused(ask("ReserveStock", asked))).code() is CODE.DEADLINE_EXCEEDED
    await ask("ReserveStock", asked)
    assert await stock(shop) == (10, 2)


async def test_a_release_that_overtakes_its_reserve_leaves_nothing_held(shop: Shop, ask: Asker) -> None:
    await a_product(shop, "BOOK")
    order = reserve()
    await ask("ReleaseStock", pb.ReleaseRequest(order_id=order.order_id))
    assert (await refused(ask("ReserveStock", order))).code() is CODE.FAILED_PRECONDITION
    assert await stock(shop) == (10, 0)


async def test_an_amendment_is_done_once_and_only_with_what_is_held(shop: Shop, ask: Asker) -> None:
    await a_product(shop, "BOOK")
    order, edit = reserve(), reserve(qty=3)
    await ask("ReserveStock", order)
    wish = pb.AmendRequest(order_id=order.order_id, edit_id=edit.order_id, more=[pb.Item(sku="BOOK", quantity=3)])
    assert (await refused(ask("AmendStock", wish))).code() is CODE.FAILED_PRECONDITION, "nothing is held for it"
    await ask("ReserveStock", edit)
    await ask("ConfirmStock", pb.ConfirmRequest(order_id=order.order_id))
    assert await stock(shop) == (8, 3)
    answers = [await ask("AmendStock", wish) for _ in range(3)]
    assert [sum(item.quantity for item in answer.items) for answer in answers] == [5, 5, 5]
    assert await stock(shop) == (5, 0)
    for _ in range(2):
        less = pb.AmendRequest(order_id=order.order_id, edit_id=ONE_MORE, less=[pb.Item(sku="BOOK", quantity=4)])
        await ask("AmendStock", less)
        assert await stock(shop) == (9, 0)
    nobody = pb.AmendRequest(order_id=str(new_id()), edit_id=str(new_id()))
    assert (await refused(ask("AmendStock", nobody))).code() is CODE.NOT_FOUND
    both = pb.AmendRequest(order_id=order.order_id, edit_id=str(new_id()), more=wish.more, less=wish.more)
    assert (await refused(ask("AmendStock", both))).code() is CODE.INVALID_ARGUMENT


async def test_what_was_given_back_is_not_added(shop: Shop, ask: Asker) -> None:
    await a_product(shop, "BOOK")
    order, edit = reserve(), reserve(qty=3)
    for one in (order, edit):
        await ask("ReserveStock", one)
    await ask("ConfirmStock", pb.ConfirmRequest(order_id=order.order_id))
    await ask("ReleaseStock", pb.ReleaseRequest(order_id=edit.order_id))
    wish = pb.AmendRequest(order_id=order.order_id, edit_id=edit.order_id, more=[pb.Item(sku="BOOK", quantity=3)])
    assert (await refused(ask("AmendStock", wish))).code() is CODE.FAILED_PRECONDITION
    assert await stock(shop) == (8, 0)


async def test_the_callers_trace_and_name_go_with_what_is_told(shop: Shop, ask: Asker) -> None:
    await a_product(shop, "BOOK")
    order = reserve()
    named = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "correlation-id": "the-order"}
    await ask("ReserveStock", order, **named)
    row = await shop.db.pool.fetchrow("SELECT * FROM runtime.audit_entry WHERE subject = $1", order.order_id)
    assert (row["correlation_id"], row["actor"]) == ("the-order", "service:orders")
    told = await shop.db.pool.fetchval("SELECT trace_id FROM runtime.outbox WHERE key = $1", order.order_id)
    assert told == TRACE


async def test_health_and_reflection_tell_what_is_served(channel: Any) -> None:
    asked = health_pb2.HealthCheckRequest(service="tradewind.inventory.v1.Inventory")
    assert (await health_pb2_grpc.HealthStub(channel).Check(asked)).status == health_pb2.HealthCheckResponse.SERVING

    async def questions() -> Any:
        yield reflection_pb2.ServerReflectionRequest(file_containing_symbol="tradewind.inventory.v1.Inventory")

    async for answer in reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(questions()):
        published = FileDescriptorProto.FromString(answer.file_descriptor_response.file_descriptor_proto[0])
        assert [one.name for one in published.service[0].method] == [
            "ReserveStock",
            "ReleaseStock",
            "ConfirmStock",
            "AmendStock",
            "QueryStock",
        ]


async def test_a_shop_that_is_told_no_port_loads_no_grpc() -> None:
    script = (
        "import sys, tradewind.app.cli, tradewind.app.edge, tradewind.app.worker\n"
        "from tradewind.app.wiring import manifests; manifests()\n"
        "sys.exit(any(name.split('.')[0] == 'grpc' for name in sys.modules))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    assert await process.wait() == 0
