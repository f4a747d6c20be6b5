"""Authorize, Capture and Cancel over gRPC."""

from typing import Final
from uuid import UUID

from tradewind.api.grpc.methods import Method
from tradewind.contexts.payments.carry_step.command import CarryStep, Kind
from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.contracts.payers import SAVED, paid_as, saved_name
from tradewind.contracts.payments import Charge
from tradewind.contracts.proto.tradewind.payments.v1 import payments_pb2 as pb
from tradewind.kernel.cards import CardNumberRefused, looks_like_card_number
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money

SERVICE: Final = pb.DESCRIPTOR.services_by_name["Payments"]


class InvalidStep(Invalid):
    """A step that is not asked for as the published file says."""


def id_of(name: str, value: str) -> UUID:
    """The id in a field; refuses with InvalidStep."""
    try:
        return UUID(value)
    except ValueError:
        raise InvalidStep(errors=[{"pointer": f"/{name}", "detail": "Expected a UUID."}]) from None


def _step(kind: Kind, request: pb.StepRequest | pb.AuthorizeRequest, charge: Charge | None = None) -> CarryStep:
    payer_id = id_of("payer_id", request.payer_id)
    if not request.key.startswith(f"{payer_id}/"):
        raise InvalidStep(errors=[{"pointer": "/key", "detail": "Expected the payer's id, a slash and more."}])
    return CarryStep(kind=kind, payer_id=payer_id, key=request.key, charge=charge)


def _to_authorize(request: pb.AuthorizeRequest) -> CarryStep:
    if request.amount_minor < 0 or not request.method:
        raise InvalidStep(errors=[{"pointer": "/amount_minor", "detail": "Expected an amount, and a method."}])
    _check_method(request)
    charge = Charge(
        order_id=id_of("payer_id", request.payer_id),
        amount=Money(request.amount_minor, request.currency),
        method=request.method,
        by_hand=request.by_hand,
        part_of=id_of("part_of", request.part_of) if request.part_of else None,
        user_id=request.user_id or None,
    )
    return _step(Kind.AUTHORIZE, request, charge)


def _check_method(request: pb.AuthorizeRequest) -> None:
    """Refuse a card's number, and what names no saved method of somebody, nor another payer."""
    if not request.method.startswith(SAVED):
        if looks_like_card_number(request.method):
            raise CardNumberRefused
        return
    try:
        named = paid_as(request.method) or (saved_name(request.method) and request.user_id)
    except ValueError:
        named = ""
    if not named:
        raise InvalidStep(errors=[{"pointer": "/method", "detail": "Expected a saved method, and whose it is."}])


def _answer(outcome: Outcome) -> pb.StepAnswer:
    match outcome:
        case Done():
            return pb.StepAnswer(standing=pb.StepAnswer.DONE)
        case Refused(why=why):
            return pb.StepAnswer(standing=pb.StepAnswer.REFUSED, why=why)
        case Waiting(for_s=for_s, next_action=url):
            return pb.StepAnswer(standing=pb.StepAnswer.WAITING, wait_s=for_s, next_action=url or "")
        case Failed(why=why, final=final):
            return pb.StepAnswer(standing=pb.StepAnswer.FAILED, why=why, final=final)


METHODS: Final = (
    Method(service=SERVICE, name="Authorize", request=pb.AuthorizeRequest, command=_to_authorize, answer=_answer),
    Method(
        service=SERVICE,
        name="Capture",
        request=pb.StepRequest,
        command=lambda request: _step(Kind.CAPTURE, request),
        answer=_answer,
    ),
    Method(
        service=SERVICE,
        name="Cancel",
        request=pb.StepRequest,
        command=lambda request: _step(Kind.CANCEL, request),
        answer=_answer,
    ),
)
