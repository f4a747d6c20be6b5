"""Refunds over gRPC: claimed at once, or held and then sent or let go."""

from collections import Counter
from typing import Final

from tradewind.api.grpc.methods import Method
from tradewind.contexts.payments.carry_step.grpc import SERVICE, id_of
from tradewind.contexts.payments.claim_refund.command import (
    AskRefundAgain,
    ClaimRefund,
    HoldRefund,
    LetGoRefund,
    SeeRefund,
    SendRefund,
)
from tradewind.contracts.orders import BoughtLine, Sold
from tradewind.contracts.payments import Claimed, Instead, RefundClaim, RefundHold
from tradewind.contracts.proto.tradewind.payments.v1 import payments_pb2 as pb
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money

MAX_LINES: Final = 2_000
"""Lines that a claim names, and lines that were sold, at most."""


class InvalidClaim(Invalid):
    """A refund that is not claimed as the published file says."""


def _to_claim(request: pb.ClaimRefundRequest) -> ClaimRefund:
    if len(request.pieces) > MAX_LINES or len(request.sold) > MAX_LINES:
        raise InvalidClaim(errors=[{"pointer": "/sold", "detail": f"Expected at most {MAX_LINES} lines."}])
    if not request.pieces or any(one.quantity <= 0 for one in (*request.pieces, *request.sold)):
        raise InvalidClaim(errors=[{"pointer": "/pieces", "detail": "Expected goods, and how many."}])
    amounts = (request.items_minor, request.tax_minor, request.discount_minor, request.whole_minor,
               request.instead_total_minor)  # fmt: skip
    if any(minor < 0 for minor in (*amounts, *(one.unit_price_minor for one in request.sold))):
        raise InvalidClaim(errors=[{"pointer": "/items_minor", "detail": "Expected amounts that are not negative."}])
    pieces: Counter[str] = Counter()
    for one in request.pieces:
        pieces[one.sku] += one.quantity
    claim = RefundClaim(
        order_id=id_of("payer_id", request.payer_id),
        refund_id=id_of("refund_id", request.refund_id),
        pieces=pieces,
        sold=_sold(request),
        reason=request.reason,
        whole=Money(request.whole_minor, request.currency) if request.whole_minor else None,
        instead=_instead(request),
    )
    return ClaimRefund(claim=claim)


def _instead(request: pb.ClaimRefundRequest) -> Instead | None:
    if not request.instead_payer_id:
        return None
    order_id = id_of("instead_payer_id", request.instead_payer_id)
    return Instead(order_id, Money(request.instead_total_minor, request.currency))


def _sold(request: pb.ClaimRefundRequest) -> Sold:
    return Sold(
        lines=tuple(
            BoughtLine(
                sku=one.sku,
                product_id=None,
                quantity=one.quantity,
                unit_price=Money(one.unit_price_minor, request.currency),
            )
            for one in request.sold
        ),
        items=Money(request.items_minor, request.currency),
        tax=Money(request.tax_minor, request.currency),
        discount=Money(request.discount_minor, request.currency),
    )


def _to_hold(request: pb.HoldRefundRequest) -> HoldRefund:
    if request.amount_minor < 0 or len(request.besides) > MAX_LINES:
        raise InvalidClaim(errors=[{"pointer": "/amount_minor", "detail": "Expected an amount, or nothing."}])
    wish = RefundHold(
        order_id=id_of("payer_id", request.payer_id),
        refund_id=id_of("refund_id", request.refund_id),
        amount=Money(request.amount_minor, request.currency),
        reason=request.reason,
        besides=tuple(id_of("besides", one) for one in request.besides),
        edit_id=id_of("edit_id", request.edit_id) if request.edit_id else None,
    )
    return HoldRefund(wish=wish)


def _again(request: pb.RefundRequest) -> AskRefundAgain:
    return AskRefundAgain(order_id=id_of("payer_id", request.payer_id), refund_id=id_of("refund_id", request.refund_id))


def _asked(asked: bool) -> pb.RefundAnswer:
    return pb.RefundAnswer(standing=pb.RefundAnswer.PENDING if asked else pb.RefundAnswer.REFUSED)


def _stands(claimed: Claimed | None) -> pb.RefundAnswer:
    if claimed is None:
        return pb.RefundAnswer(standing=pb.RefundAnswer.UNKNOWN)
    return pb.RefundAnswer(
        standing=claimed.status,
        amount_minor=claimed.amount.minor,
        currency=claimed.amount.currency,
    )


def _gone(_: None) -> pb.RefundAnswer:
    return pb.RefundAnswer(standing=pb.RefundAnswer.UNKNOWN)


METHODS: Final = (
    Method(service=SERVICE, name="HoldRefund", request=pb.HoldRefundRequest, command=_to_hold, answer=_stands),
    Method(
        service=SERVICE,
        name="SendRefund",
        request=pb.RefundRequest,
        command=lambda request: SendRefund(refund_id=id_of("refund_id", request.refund_id)),
        answer=_stands,
    ),
    Method(
        service=SERVICE,
        name="LetGoRefund",
        request=pb.RefundRequest,
        command=lambda request: LetGoRefund(refund_id=id_of("refund_id", request.refund_id)),
        answer=_gone,
    ),
    Method(service=SERVICE, name="ClaimRefund", request=pb.ClaimRefundRequest, command=_to_claim, answer=_stands),
    Method(service=SERVICE, name="AskRefundAgain", request=pb.RefundRequest, command=_again, answer=_asked),
    Method(
        service=SERVICE,
        name="SeeRefund",
        request=pb.RefundRequest,
        command=lambda request: SeeRefund(refund_id=id_of("refund_id", request.refund_id)),
        answer=_stands,
    ),
)
