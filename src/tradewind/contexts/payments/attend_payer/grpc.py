"""SeeHold and VerifyPayment over gRPC."""

from typing import Final

from tradewind.api.grpc.methods import Method
from tradewind.contexts.payments.attend_payer.command import HearBuyer, SeeHold
from tradewind.contexts.payments.carry_step.grpc import SERVICE, InvalidStep, id_of
from tradewind.contracts.proto.tradewind.payments.v1 import payments_pb2 as pb

MAX_PROOF: Final = 4_096
"""Characters of what a provider has a browser bring back."""


def _to_hear(request: pb.VerifyPaymentRequest) -> HearBuyer:
    if len(request.proof) > MAX_PROOF:
        raise InvalidStep(errors=[{"pointer": "/proof", "detail": f"Expected at most {MAX_PROOF} characters."}])
    return HearBuyer(payer_id=id_of("payer_id", request.payer_id), proof=request.proof or None)


METHODS: Final = (
    Method(
        service=SERVICE,
        name="SeeHold",
        request=pb.HoldRequest,
        command=lambda request: SeeHold(payer_id=id_of("payer_id", request.payer_id)),
        answer=lambda held: pb.HoldAnswer(only_held=held),
    ),
    Method(
        service=SERVICE,
        name="VerifyPayment",
        request=pb.VerifyPaymentRequest,
        command=_to_hear,
        answer=lambda _: pb.VerifyPaymentAnswer(),
    ),
)
