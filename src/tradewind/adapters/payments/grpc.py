"""Asks payments over gRPC for what a saga wants of them. Silence is never a no: whoever asks, asks again."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import grpc
from google.protobuf.message import Message
from opentelemetry.trace import SpanKind

from tradewind.api.grpc.asking import channel_to, metadata, methods
from tradewind.api.grpc.statuses import REFUSAL
from tradewind.api.grpc.tls import Certificates
from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.contracts.payments import Charge
from tradewind.contracts.proto.tradewind.payments.v1 import payments_pb2 as pb
from tradewind.kernel.errors import Stale, Unavailable
from tradewind.runtime.call import Call
from tradewind.runtime.database import Busy, DatabaseAway, DatabaseFull
from tradewind.runtime.telemetry.logs import log, names_of
from tradewind.runtime.telemetry.traces import span

ATTEMPTS: Final = 3
"""Where nobody is there to ask; a provider that gave no answer is asked again by the saga."""
ATTEMPT_S: Final = 25.0
"""Seconds that one attempt may take: payments asks a provider meanwhile, twice where an answer was lost before."""
BACKOFF_S: Final = 0.05
"""Longest wait before the second attempt; doubles with the next."""
AWAY_AGAIN_S: Final = 1.0
"""Seconds after which a saga asks again that found nobody to ask."""
NOT_THE_PROVIDER: Final = frozenset(one.__name__ for one in (Busy, DatabaseAway, DatabaseFull, Stale))
"""Refusals of payments itself. They say nothing of a provider, so no attempt counts: the same question settles it."""
SERVICE: Final = "tradewind.payments.v1.Payments"


class PaymentsDidNotAnswer(Unavailable):
    """Payments gave no answer that says what became of it; it may have done what it was asked."""


@asynccontextmanager
async def grpc_payments(
    address: str, token: Callable[[], str], certificates: Certificates | None = None
) -> AsyncIterator["GrpcPayments"]:
    """Payments at `address` (host:port). `token` gives the access token that goes with each attempt."""
    async with channel_to(address, certificates) as channel:
        yield GrpcPayments(channel, token)


class GrpcPayments:
    """Answers to contracts.payments.PaymentsAway."""

    def __init__(self, channel: Any, token: Callable[[], str]) -> None:
        self._token = token
        self._methods = methods(channel, SERVICE, dict.fromkeys(("Authorize", "Capture", "Cancel"), pb.StepAnswer))

    async def authorize(self, charge: Charge, key: str, call: Any) -> Outcome:
        """Have the money held."""
        request = pb.AuthorizeRequest(
            payer_id=str(charge.order_id),
            key=key,
            currency=charge.amount.currency,
            amount_minor=charge.amount.minor,
            method=charge.method,
            by_hand=charge.by_hand,
            part_of=str(charge.part_of) if charge.part_of else "",
        )
        return await self._ask("Authorize", request, call)

    async def capture(self, payer_id: UUID, key: str, call: Any) -> Outcome:
        """Have it taken."""
        return await self._ask("Capture", pb.StepRequest(payer_id=str(payer_id), key=key), call)

    async def cancel(self, payer_id: UUID, key: str, call: Any) -> Outcome:
        """Have it let go, or given back."""
        return await self._ask("Cancel", pb.StepRequest(payer_id=str(payer_id), key=key), call)

    async def _ask(self, method: str, request: Message, call: Call) -> Outcome:
        with span(f"{SERVICE}/{method}", call.trace_id, kind=SpanKind.CLIENT):
            for attempt in range(ATTEMPTS):
                if attempt:
                    await asyncio.sleep(random.uniform(0, BACKOFF_S * 2**attempt))  # noqa: S311 -- jitter
                try:
                    return _outcome(
                        await self._methods[method](request, metadata=metadata(self._token, call), timeout=ATTEMPT_S)
                    )
                except grpc.aio.AioRpcError as error:
                    if not _nobody_answered(error):
                        raise PaymentsDidNotAnswer(f"Payments answered {error.code().name}.") from None
        log.warning("payments is away", method=method, **names_of(call))
        return Waiting(AWAY_AGAIN_S, heard=True)


def _nobody_answered(error: grpc.aio.AioRpcError) -> bool:
    """Whether payments is not there, or has no room for this; else it or a provider has said something."""
    refusal = dict(error.trailing_metadata() or ()).get(REFUSAL)
    if refusal is None:
        return error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
    return refusal in NOT_THE_PROVIDER


def _outcome(answer: pb.StepAnswer) -> Outcome:
    match answer.standing:
        case pb.StepAnswer.DONE:
            return Done()
        case pb.StepAnswer.REFUSED:
            return Refused(answer.why)
        case pb.StepAnswer.WAITING:
            return Waiting(answer.wait_s, heard=True)
        case pb.StepAnswer.FAILED:
            return Failed(answer.why, final=answer.final)
        case _:
            raise PaymentsDidNotAnswer(f"Payments answered with standing {answer.standing}, which is not known here.")
