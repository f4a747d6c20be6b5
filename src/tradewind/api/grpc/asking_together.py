"""Questions that come at once go in one request, and each has its answer as soon as it is there.

A saga's worker commits for many orders together, and then asks for each: a request of gRPC's costs more than what most
of these questions are about. Who is alone asks as ever, and so does everybody whose peer does not know better.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf.message import Message

from tradewind.api.grpc.methods import as_bytes
from tradewind.contracts.proto.tradewind.together.v1 import together_pb2 as pb

AUTHORIZATION: Final = "authorization"
METHOD: Final = "tradewind.together.v1.Together/Ask"
MAX_TOGETHER: Final = 32
"""Questions of one request, at most."""
MAX_BYTES: Final = 128 * 1024
"""Of one request's questions, at most: half of what whoever is asked takes in."""
ALONE_FOR_S: Final = 60.0
"""How long a peer that does not know of questions that come together is not asked so again."""
STATUSES: Final[Mapping[int, grpc.StatusCode]] = {code.value[0]: code for code in grpc.StatusCode}
Ask = Callable[..., Awaitable[Any]]


@dataclass(eq=False, slots=True)
class Asked:
    """A question that waits. `answer` becomes a message's bytes, or None: it is to be asked alone."""

    method: str
    message: bytes
    given: Mapping[str, str]
    within_s: float
    answer: asyncio.Future[bytes | None]


class Together:
    """The questions of one channel."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._ask = channel.unary_stream(
            f"/{METHOD}", request_serializer=as_bytes, response_deserializer=pb.Answer.FromString
        )
        self._waiting: list[Asked] = []
        self._going: set[asyncio.Task[None]] = set()
        self._alone_until_s = 0.0

    def method(self, name: str, answer: type[Message]) -> Ask:
        """What asks the method `name` (package.Service/Method). It takes the request, what is `given` beside
        it (authorization, traceparent, correlation-id) and `within_s`, and raises grpc.aio.AioRpcError."""
        alone = self._channel.unary_unary(
            f"/{name}", request_serializer=as_bytes, response_deserializer=answer.FromString
        )

        async def ask(request: Message, *, given: Sequence[tuple[str, str]], within_s: float) -> Any:
            together = await self._put(name, request.SerializeToString(), dict(given), within_s)
            if together is None:
                return await alone(request, metadata=given, timeout=within_s)
            return answer.FromString(together)

        return ask

    async def _put(self, name: str, message: bytes, given: Mapping[str, str], within_s: float) -> bytes | None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._alone_until_s:
            return None
        asked = Asked(name, message, given, within_s, loop.create_future())
        self._waiting.append(asked)
        if len(self._waiting) == 1:
            loop.call_soon(self._send)  # behind whoever is ready to ask now
        return await asked.answer

    def _send(self) -> None:
        waiting, self._waiting = [one for one in self._waiting if not one.answer.done()], []
        for group in _groups(waiting):
            if len(group) == 1:
                group[0].answer.set_result(None)
                continue
            going = asyncio.create_task(self._carry(group))
            self._going.add(going)
            going.add_done_callback(self._going.discard)

    async def _carry(self, group: Sequence[Asked]) -> None:
        left = dict(enumerate(group))
        try:
            async for answer in self._asked(group):
                if (one := left.pop(answer.question, None)) is not None:
                    _settle(one, answer)
            self._give_up(left.values(), _error(grpc.StatusCode.UNAVAILABLE, "There was no answer."))
        except grpc.aio.AioRpcError as error:
            self._give_up(left.values(), error)
        finally:
            self._give_up(left.values(), _error(grpc.StatusCode.CANCELLED, "The channel was closed."))

    def _asked(self, group: Sequence[Asked]) -> Any:
        call = self._ask(
            pb.Questions(questions=[_question(one) for one in group]),
            metadata=[(AUTHORIZATION, group[0].given[AUTHORIZATION])],
            timeout=group[0].within_s,
        )

        def gone(answer: asyncio.Future[bytes | None]) -> None:
            if answer.cancelled() and all(one.answer.done() for one in group):
                call.cancel()

        for one in group:
            one.answer.add_done_callback(gone)
        return call

    def _give_up(self, left: Iterable[Asked], error: grpc.aio.AioRpcError) -> None:
        unknown = error.code() is grpc.StatusCode.UNIMPLEMENTED
        if unknown:
            self._alone_until_s = asyncio.get_running_loop().time() + ALONE_FOR_S
        for one in left:
            if one.answer.done():
                continue
            if unknown:
                one.answer.set_result(None)
            else:
                one.answer.set_exception(error)


def _groups(waiting: Sequence[Asked]) -> Iterator[list[Asked]]:
    """Those that may share a request: of one token and one deadline, as many as there may be."""
    groups = dict[tuple[str, float], list[Asked]]()
    for one in waiting:
        groups.setdefault((one.given[AUTHORIZATION], one.within_s), []).append(one)
    for alike in groups.values():
        group, size = list[Asked](), 0
        for one in alike:
            if group and (len(group) == MAX_TOGETHER or size + len(one.message) > MAX_BYTES):
                yield group
                group, size = [], 0
            group.append(one)
            size += len(one.message)
        yield group


def _question(one: Asked) -> pb.Question:
    return pb.Question(
        method=one.method,
        message=one.message,
        traceparent=one.given["traceparent"],
        correlation_id=one.given["correlation-id"],
    )


def _settle(asked: Asked, answer: pb.Answer) -> None:
    if asked.answer.done():
        return  # whoever asked has gone
    if answer.status == 0:
        asked.answer.set_result(answer.message)
        return
    trailers = [(one.key, one.value if one.key.endswith("-bin") else one.value.decode()) for one in answer.trailers]
    code = STATUSES.get(answer.status, grpc.StatusCode.UNKNOWN)
    asked.answer.set_exception(_error(code, answer.detail, trailers))


def _error(code: grpc.StatusCode, detail: str, trailers: Sequence[tuple[str, str | bytes]] = ()) -> Any:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(*trailers), details=detail)
