"""Questions that came in one request: each through the same door as if it had come alone, all at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError, Message

from tradewind.api.grpc.asking_together import MAX_TOGETHER
from tradewind.contracts.proto.tradewind.together.v1 import together_pb2 as pb

SERVICE: Final = pb.DESCRIPTOR.services_by_name["Together"].full_name


class StatusError(Exception):
    """What became of a question that has no answer: gRPC's `code`, the words, and what travels beside them."""

    def __init__(self, code: grpc.StatusCode, detail: str, beside: tuple[tuple[str, str | bytes], ...] = ()) -> None:
        super().__init__(detail)
        self.code, self.detail, self.beside = code, detail, beside


@dataclass(frozen=True, kw_only=True)
class Answering:
    """One method: which message comes in, and who answers it with that call's metadata. `answer` raises StatusError."""

    request: type[Message]
    answer: Callable[[Message, Mapping[bytes, bytes]], Awaitable[Message]]


def together(methods: Mapping[str, Answering]) -> grpc.GenericRpcHandler:
    """The service for questions to these methods (package.Service/Method)."""

    async def ask(questions: pb.Questions, context: Any) -> AsyncIterator[pb.Answer]:
        if len(questions.questions) > MAX_TOGETHER:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"At most {MAX_TOGETHER} questions go together.")
        token = _token(context)
        tasks = [
            asyncio.create_task(_answered(number, one, token, methods))
            for number, one in enumerate(questions.questions)
        ]
        try:
            for answered in asyncio.as_completed(tasks):
                yield await answered
        finally:
            for task in tasks:
                task.cancel()  # nobody waits for them any more

    handler = grpc.unary_stream_rpc_method_handler(
        ask, request_deserializer=pb.Questions.FromString, response_serializer=pb.Answer.SerializeToString
    )
    return grpc.method_handlers_generic_handler(SERVICE, {"Ask": handler})


def _token(context: Any) -> Mapping[bytes, bytes]:
    found = dict(context.invocation_metadata() or ()).get("authorization")
    return {} if found is None else {b"authorization": found.encode()}


async def _answered(
    number: int, question: pb.Question, token: Mapping[bytes, bytes], methods: Mapping[str, Answering]
) -> pb.Answer:
    beside = {b"traceparent": question.traceparent, b"correlation-id": question.correlation_id}
    given = {**token, **{key: value.encode() for key, value in beside.items() if value}}
    try:
        answer = await _answer(question, given, methods)
    except StatusError as status:
        trailers = [
            pb.Trailer(key=key, value=value if isinstance(value, bytes) else value.encode())
            for key, value in status.beside
        ]
        return pb.Answer(question=number, status=status.code.value[0], detail=status.detail, trailers=trailers)
    return pb.Answer(question=number, message=answer.SerializeToString())


async def _answer(question: pb.Question, given: Mapping[bytes, bytes], methods: Mapping[str, Answering]) -> Message:
    method = methods.get(question.method)
    if method is None:
        raise StatusError(grpc.StatusCode.UNIMPLEMENTED, f"Nobody here answers {question.method!r}.")
    try:
        request = method.request.FromString(question.message)
    except DecodeError:
        raise StatusError(grpc.StatusCode.INVALID_ARGUMENT, f"This is no message of {question.method}.") from None
    return await method.answer(request, given)
