"""Questions that come at once share a request, and each is answered as if it had come alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import pytest

from tests.builders import a_product
from tests.remote.conftest import ANSWERS, a_token
from tests.remote.test_inventory import refused, reserve, stock
from tests.shops import Shop, a_call
from tradewind.api.grpc.answering_together import Answering, together
from tradewind.api.grpc.asking import metadata, methods
from tradewind.api.grpc.asking_together import MAX_TOGETHER, METHOD
from tradewind.api.grpc.statuses import facts_in
from tradewind.contracts.proto.tradewind.inventory.v1 import inventory_pb2 as inventory
from tradewind.contracts.proto.tradewind.together.v1 import together_pb2 as pb

pytestmark = pytest.mark.adapter("grpc")

CODE: Final = grpc.StatusCode
SERVICE: Final = "tradewind.inventory.v1.Inventory"
RESERVE: Final = f"{SERVICE}/ReserveStock"
WITHIN_S: Final = 20.0
TOLD: Final = "SELECT key, correlation_id, trace_id FROM runtime.outbox WHERE key = ANY($1::text[])"


class Counted:
    """A channel that counts the requests that go over it, by what they ask."""

    def __init__(self, channel: Any) -> None:
        self.channel, self.requests = channel, list[str]()

    def _counting(self, name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **more: Any) -> Any:
            self.requests.append(name.removeprefix("/"))
            return ask(*given, **more)

        return counted

    def unary_unary(self, name: str, **how: Any) -> Callable[..., Any]:
        return self._counting(name, self.channel.unary_unary(name, **how))

    def unary_stream(self, name: str, **how: Any) -> Callable[..., Any]:
        return self._counting(name, self.channel.unary_stream(name, **how))


@dataclass
class Asking:
    """One who asks inventory."""

    channel: Any
    token: str
    counted: Counted = field(init=False)
    methods: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.counted = Counted(self.channel)
        self.methods = methods(self.counted, SERVICE, ANSWERS)

    def __call__(self, name: str, request: Any, *, token: str = "", within_s: float = WITHIN_S) -> Any:
        given = metadata(lambda: token or self.token, a_call("warehouse"))
        return self.methods[name](request, given=given, within_s=within_s)


@pytest.fixture
def asking(shop: Shop, channel: Any) -> Asking:
    return Asking(channel, a_token(shop))


async def test_each_has_its_own_answer_or_refusal_and_its_own_name_in_the_trail(shop: Shop, asking: Asking) -> None:
    await a_product(shop, "BOOK")
    orders = [reserve() for _ in range(8)]
    answers = await asyncio.gather(*(asking("ReserveStock", one) for one in orders), return_exceptions=True)
    assert asking.counted.requests == [METHOD]
    held = [one for one in answers if isinstance(one, inventory.ReserveResponse)]
    refusals = [one for one in answers if isinstance(one, grpc.aio.AioRpcError)]
    assert (len(held), len(refusals)) == (5, 3)
    assert [one.order_id for one in held] == [
        order.order_id for order, one in zip(orders, answers, strict=True) if one in held
    ]
    for one in refusals:
        assert one.code() is CODE.FAILED_PRECONDITION
        assert dict(one.trailing_metadata())["tradewind-refusal"] == "NotEnoughStock"
        assert facts_in(one.trailing_metadata())["skus"] == ["BOOK"]
    assert await stock(shop) == (10, 10)
    told = await shop.db.pool.fetch(TOLD, [one.order_id for one in orders])
    assert {row["key"] for row in told} == {one.order_id for one in held}
    assert len({row["correlation_id"] for row in told}) == len({row["trace_id"] for row in told}) == 5


async def test_who_is_alone_asks_alone(shop: Shop, asking: Asking) -> None:
    await a_product(shop, "BOOK")
    for _ in range(2):
        await asking("ReserveStock", reserve())
    assert asking.counted.requests == [RESERVE] * 2


async def test_no_request_has_more_than_it_may_or_others_tokens(shop: Shop, asking: Asking) -> None:
    await a_product(shop, "BOOK", stock=1000)
    strangers = [asking("ReserveStock", reserve(), token="nonsense") for _ in range(2)]
    many = [asking("ReserveStock", reserve(qty=1)) for _ in range(2 * MAX_TOGETHER + 1)]
    answers = await asyncio.gather(*strangers, *many, return_exceptions=True)
    assert [getattr(one, "code", str)() for one in answers[:2]] == [CODE.UNAUTHENTICATED] * 2
    assert all(isinstance(one, inventory.ReserveResponse) for one in answers[2:])
    assert sorted(asking.counted.requests) == [RESERVE, METHOD, METHOD, METHOD]
    assert await stock(shop) == (1000, 2 * MAX_TOGETHER + 1)


async def test_what_cannot_be_understood_is_refused_by_itself(shop: Shop, channel: Any) -> None:
    await a_product(shop, "BOOK")
    asked = channel.unary_stream(
        f"/{METHOD}",
        request_serializer=pb.Questions.SerializeToString,
        response_deserializer=pb.Answer.FromString,
    )
    token = [("authorization", f"Bearer {a_token(shop)}")]
    good = pb.Question(method=RESERVE, message=reserve().SerializeToString())
    questions = [
        pb.Question(method=f"{SERVICE}/GiveAway", message=b""),
        pb.Question(method=RESERVE, message=b"\xff"),
        pb.Question(method=RESERVE, message=reserve().SerializeToString(), traceparent="nonsense"),
        good,
    ]
    found = {one.question: one.status async for one in asked(pb.Questions(questions=questions), metadata=token)}
    expected = [CODE.UNIMPLEMENTED, CODE.INVALID_ARGUMENT, CODE.OK, CODE.OK]
    assert found == {number: code.value[0] for number, code in enumerate(expected)}
    too_many = pb.Questions(questions=[good] * (MAX_TOGETHER + 1))
    error = await refused(asked(too_many, metadata=token).read())
    assert error.code() is CODE.INVALID_ARGUMENT
    assert await stock(shop) == (10, 4)
    nobody = [one async for one in asked(pb.Questions(questions=[good]))]
    assert [one.status for one in nobody] == [CODE.UNAUTHENTICATED.value[0]]


@dataclass
class Slow:
    """A process in which one SKU's stock takes until it is `found`, and others' none."""

    port: int = 0
    running: Any = None
    asked: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    given_up: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    found: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Any, _given: Any) -> inventory.StockStatus:
        self.asked.put_nowait(request.sku)
        try:
            if request.sku == "SLOW":
                await self.found.wait()
        except asyncio.CancelledError:
            self.given_up.put_nowait(request.sku)
            raise
        return inventory.StockStatus(sku=request.sku, available=1)

    async def alone(self, request: Any, _context: Any) -> inventory.StockStatus:
        return await self.answer(request, None)


@asynccontextmanager
async def serving(*, knows_together: bool = True) -> AsyncIterator[Slow]:
    slow = Slow()
    handler = grpc.unary_unary_rpc_method_handler(
        slow.alone,
        request_deserializer=inventory.StockQuery.FromString,
        response_serializer=inventory.StockStatus.SerializeToString,
    )
    slow.running = grpc.aio.server()
    slow.running.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"QueryStock": handler}),))
    if knows_together:
        answering = Answering(request=inventory.StockQuery, answer=slow.answer)
        slow.running.add_generic_rpc_handlers((together({f"{SERVICE}/QueryStock": answering}),))
    slow.port = slow.running.add_insecure_port("127.0.0.1:0")
    await slow.running.start()
    try:
        yield slow
    finally:
        await slow.running.stop(None)


def questions(asking: Asking, *skus: str, within_s: float = WITHIN_S) -> Sequence[asyncio.Task[Any]]:
    return [
        asyncio.ensure_future(asking("QueryStock", inventory.StockQuery(sku=sku), within_s=within_s)) for sku in skus
    ]


async def test_one_that_takes_long_keeps_nobody_waiting_and_ends_with_its_deadline_or_its_peer() -> None:
    async with serving() as slow, grpc.aio.insecure_channel(f"127.0.0.1:{slow.port}") as channel:
        asking = Asking(channel, "token")
        late, *others = questions(asking, "SLOW", "A", "B")
        assert [(await one).sku for one in others] == ["A", "B"]
        assert not late.done()
        slow.found.set()
        assert (await late).sku == "SLOW"
        slow.found.clear()
        late, other = questions(asking, "SLOW", "C", within_s=0.5)
        assert (await other).sku == "C"
        assert (await refused(late)).code() is CODE.DEADLINE_EXCEEDED
        late, other = questions(asking, "SLOW", "D")
        assert (await other).sku == "D"
        await slow.running.stop(None)
        assert (await refused(late)).code() in (CODE.UNAVAILABLE, CODE.CANCELLED)
        assert asking.counted.requests == [METHOD] * 3


async def test_who_gives_up_disturbs_nobody_and_where_all_do_the_question_is_off() -> None:
    async with serving() as slow, grpc.aio.insecure_channel(f"127.0.0.1:{slow.port}") as channel:
        asking = Asking(channel, "token")
        gone, stays, other = questions(asking, "SLOW", "SLOW", "A")
        assert (await other).sku == "A"
        gone.cancel()
        slow.found.set()
        assert (await stays).sku == "SLOW"
        assert sorted([await slow.asked.get() for _ in range(3)]) == ["A", "SLOW", "SLOW"]
        slow.found.clear()
        both = questions(asking, "SLOW", "SLOW")
        assert [await slow.asked.get() for _ in both] == ["SLOW", "SLOW"]
        for one in both:
            one.cancel()
        assert [await slow.given_up.get() for _ in both] == ["SLOW", "SLOW"]
        assert asking.counted.requests == [METHOD] * 2


async def test_an_older_peer_is_asked_one_by_one() -> None:
    async with serving(knows_together=False) as slow, grpc.aio.insecure_channel(f"127.0.0.1:{slow.port}") as channel:
        asking = Asking(channel, "token")
        for _ in range(2):
            assert [(await one).sku for one in questions(asking, "A", "B")] == ["A", "B"]
        assert asking.counted.requests == [METHOD, *[f"{SERVICE}/QueryStock"] * 4]
