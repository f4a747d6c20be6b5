"""Asks payments over gRPC for steps of sagas and for refunds. Silence is never a no: whoever asks, asks again."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import grpc
from google.protobuf.message import Message
from opentelemetry.trace import SpanKind

from tradewind.adapters.payments.persons import ANSWERS as OF_PERSONS
from tradewind.adapters.payments.persons import AskedForPersons
from tradewind.api.grpc.asking import channel_to, metadata, methods
from tradewind.api.grpc.statuses import REFUSAL
from tradewind.api.grpc.tls import Certificates
from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.contracts.payments import Charge, Claimed, RefundClaim, RefundHold
from tradewind.contracts.proto.tradewind.payments.v1 import payments_pb2 as pb
from tradewind.kernel.errors import Stale, Unavailable
from tradewind.kernel.money import Money
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
ANSWERS: Final = {
    **dict.fromkeys(("Authorize", "Capture", "Cancel"), pb.StepAnswer),
    **dict.fromkeys(("ClaimRefund", "HoldRefund", "SendRefund", "LetGoRefund"), pb.RefundAnswer),
    **dict.fromkeys(("AskRefundAgain", "SeeRefund"), pb.RefundAnswer),
    "SeeHold": pb.HoldAnswer,
    "VerifyPayment": pb.VerifyPaymentAnswer,
    **OF_PERSONS,
}

STANDINGS: Final = (pb.RefundAnswer.PENDING, pb.RefundAnswer.DONE, pb.RefundAnswer.REFUSED, pb.RefundAnswer.PARTLY)


class PaymentsDidNotAnswer(Unavailable):
    """Payments gave no answer that says what became of it; it may have done what it was asked."""


@asynccontextmanager
async def grpc_payments(
    address: str, token: Callable[[], str], certificates: Certificates | None = None
) -> AsyncIterator["GrpcPayments"]:
    """Payments at `address` (host:port). `token` gives the access token that goes with each attempt."""
    async with channel_to(address, certificates) as channel:
        yield GrpcPayments(channel, token)


class GrpcPayments(AskedForPersons):
    """Answers to contracts.payments.PaymentsAway, RefundsAway and PersonsAway."""

    def __init__(self, channel: Any, token: Callable[[], str]) -> None:
        self._token = token
        self._methods = methods(channel, SERVICE, ANSWERS)

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
            user_id=charge.user_id or "",
        )
        return await self._step("Authorize", request, call)

    async def capture(self, payer_id: UUID, key: str, call: Any) -> Outcome:
        """Have it taken."""
        return await self._step("Capture", pb.StepRequest(payer_id=str(payer_id), key=key), call)

    async def cancel(self, payer_id: UUID, key: str, call: Any) -> Outcome:
        """Have it let go, or given back."""
        return await self._step("Cancel", pb.StepRequest(payer_id=str(payer_id), key=key), call)

    async def only_held(self, payer_id: UUID, call: Any) -> bool:
        """Whether its money is only held."""
        answer = await self._at_once("SeeHold", pb.HoldRequest(payer_id=str(payer_id)), call)
        return bool(answer.only_held)

    async def verify(self, payer_id: UUID, proof: str | None, call: Any) -> None:
        """Say that its buyer is back."""
        request = pb.VerifyPaymentRequest(payer_id=str(payer_id), proof=proof or "")
        await self._at_once("VerifyPayment", request, call)

    async def claim(self, claim: RefundClaim, call: Any) -> Claimed | Waiting:
        """Have what was paid for some goods given back."""
        answer = await self._ask("ClaimRefund", _to_claim(claim), call)
        return answer if isinstance(answer, Waiting) else _claimed(answer)

    async def hold(self, wish: RefundHold, call: Any) -> Claimed | Waiting:
        """Claim it, and keep others from claiming of the order."""
        request = pb.HoldRefundRequest(
            payer_id=str(wish.order_id),
            refund_id=str(wish.refund_id),
            amount_minor=wish.amount.minor,
            currency=wish.amount.currency,
            reason=wish.reason,
            besides=[str(one) for one in wish.besides],
            edit_id=str(wish.edit_id) if wish.edit_id else "",
        )
        answer = await self._ask("HoldRefund", request, call)
        return answer if isinstance(answer, Waiting) else _claimed(answer)

    async def send(self, refund_id: UUID, call: Any) -> Claimed | Waiting | None:
        """Have what is held given back."""
        return await self._standing("SendRefund", refund_id, call)

    async def let_go(self, refund_id: UUID, call: Any) -> Waiting | None:
        """Have what is held free again."""
        answer = await self._ask("LetGoRefund", pb.RefundRequest(refund_id=str(refund_id)), call)
        return answer if isinstance(answer, Waiting) else None

    async def ask_again(self, order_id: UUID, refund_id: UUID, call: Any) -> bool | Waiting:
        """Have what was refused of it asked for anew."""
        request = pb.RefundRequest(payer_id=str(order_id), refund_id=str(refund_id))
        answer = await self._ask("AskRefundAgain", request, call)
        return answer if isinstance(answer, Waiting) else bool(answer.standing == pb.RefundAnswer.PENDING)

    async def standing(self, refund_id: UUID, call: Any) -> Claimed | Waiting | None:
        """Where it stands."""
        return await self._standing("SeeRefund", refund_id, call)

    async def _standing(self, method: str, refund_id: UUID, call: Call) -> Claimed | Waiting | None:
        answer = await self._ask(method, pb.RefundRequest(refund_id=str(refund_id)), call)
        if isinstance(answer, Waiting):
            return answer
        return None if answer.standing == pb.RefundAnswer.UNKNOWN else _claimed(answer)

    async def _at_once(self, method: str, request: Message, call: Call) -> Any:
        """The answer for somebody who waits for it; raises PaymentsDidNotAnswer also where nobody is there."""
        answer = await self._ask(method, request, call)
        if isinstance(answer, Waiting):
            raise PaymentsDidNotAnswer("Payments is away.")
        return answer

    async def _step(self, method: str, request: Message, call: Call) -> Outcome:
        answer = await self._ask(method, request, call)
        return answer if isinstance(answer, Waiting) else _outcome(answer)

    async def _ask(self, method: str, request: Message, call: Call) -> Any:
        """Its answer; Waiting where nobody is there. Raises PaymentsDidNotAnswer."""
        with span(f"{SERVICE}/{method}", call.trace_id, kind=SpanKind.CLIENT):
            for attempt in range(ATTEMPTS):
                if attempt:
                    await asyncio.sleep(random.uniform(0, BACKOFF_S * 2**attempt))  # noqa: S311 -- jitter
                try:
                    return await self._methods[method](request, given=metadata(self._token, call), within_s=ATTEMPT_S)
                except grpc.aio.AioRpcError as error:
                    if not _nobody_answered(error):
                        raise PaymentsDidNotAnswer(f"Payments answered {error.code().name}.") from None
        log.warning("payments is away", method=method, **names_of(call))
        return Waiting(AWAY_AGAIN_S, heard=True)


def _to_claim(claim: RefundClaim) -> pb.ClaimRefundRequest:
    sold = claim.sold
    return pb.ClaimRefundRequest(
        payer_id=str(claim.order_id),
        refund_id=str(claim.refund_id),
        reason=claim.reason,
        pieces=[pb.Goods(sku=sku, quantity=quantity) for sku, quantity in claim.pieces.items()],
        sold=[
            pb.Goods(sku=one.sku, quantity=one.quantity, unit_price_minor=one.unit_price.minor) for one in sold.lines
        ],
        currency=sold.items.currency,
        items_minor=sold.items.minor,
        tax_minor=sold.tax.minor,
        discount_minor=sold.discount.minor,
        whole_minor=claim.whole.minor if claim.whole else 0,
        instead_payer_id=str(claim.instead.order_id) if claim.instead else "",
        instead_total_minor=claim.instead.total.minor if claim.instead else 0,
    )


def _claimed(answer: pb.RefundAnswer) -> Claimed:
    if answer.standing not in STANDINGS:
        raise PaymentsDidNotAnswer(f"Payments answered with standing {answer.standing}, which is not known here.")
    return Claimed(Money(answer.amount_minor, answer.currency), pb.RefundAnswer.Standing.Name(answer.standing))


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
            return Waiting(answer.wait_s, heard=True, next_action=answer.next_action or None)
        case pb.StepAnswer.FAILED:
            return Failed(answer.why, final=answer.final)
        case _:
            raise PaymentsDidNotAnswer(f"Payments answered with standing {answer.standing}, which is not known here.")
