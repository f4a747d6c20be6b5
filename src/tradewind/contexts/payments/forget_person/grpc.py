"""SeeGivenBack, ExportPerson and ForgetPerson over gRPC."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from tradewind.api.grpc.methods import Method
from tradewind.contexts.payments.carry_step.grpc import SERVICE, id_of
from tradewind.contexts.payments.forget_person.command import ForgetPerson, SeeGivenBack, Shown, ShowPerson
from tradewind.contracts.privacy import MAX_ORDERS_OF_A_PERSON
from tradewind.contracts.proto.tradewind.payments.v1 import payments_pb2 as pb
from tradewind.kernel.errors import Invalid

MAX_USER_ID: Final = 255
"""Characters of a user's id at most."""
_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


class InvalidPerson(Invalid):
    """A person who is not asked about as the published file says."""


def _ids(named: Sequence[str]) -> tuple[UUID, ...]:
    """Each once."""
    if len(named) > MAX_ORDERS_OF_A_PERSON:
        detail = f"Expected at most {MAX_ORDERS_OF_A_PERSON} ids."
        raise InvalidPerson(errors=[{"pointer": "/payer_ids", "detail": detail}])
    return tuple(sorted({id_of("payer_ids", one) for one in named}))


def _user(request: pb.PersonRequest | pb.ExportPersonRequest) -> str:
    if not 0 < len(request.user_id) <= MAX_USER_ID:
        detail = f"Expected 1 to {MAX_USER_ID} characters."
        raise InvalidPerson(errors=[{"pointer": "/user_id", "detail": detail}])
    return request.user_id


def _to_show(request: pb.ExportPersonRequest) -> ShowPerson:
    if request.offset < 0:
        raise InvalidPerson(errors=[{"pointer": "/offset", "detail": "Expected a number that is not negative."}])
    return ShowPerson(user_id=_user(request), order_ids=_ids(request.payer_ids), offset=request.offset)


def _shown(shown: Shown) -> pb.ExportPersonAnswer:
    return pb.ExportPersonAnswer(held=_encoder.encode(shown.held), next_offset=shown.next_offset)


METHODS: Final = (
    Method(
        service=SERVICE,
        name="SeeGivenBack",
        request=pb.PayersRequest,
        command=lambda request: SeeGivenBack(order_ids=_ids(request.payer_ids)),
        answer=lambda found: pb.PayersAnswer(payer_ids=[str(one) for one in found]),
    ),
    Method(service=SERVICE, name="ExportPerson", request=pb.ExportPersonRequest, command=_to_show, answer=_shown),
    Method(
        service=SERVICE,
        name="ForgetPerson",
        request=pb.PersonRequest,
        command=lambda request: ForgetPerson(user_id=_user(request), order_ids=_ids(request.payer_ids)),
        answer=lambda _: pb.ForgetPersonAnswer(),
    ),
)
