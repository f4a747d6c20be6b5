"""ReserveStock, ConfirmStock and ReleaseStock: try, confirm, cancel over gRPC."""

from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from tradewind.api.grpc.methods import Method
from tradewind.contexts.inventory._domain.claim import ClaimView, InvalidClaim
from tradewind.contexts.inventory._domain.settings import RESERVATION_TTL_S
from tradewind.contexts.inventory.claim_stock.command import (
    AmendReservation,
    CancelReservation,
    ConfirmReservation,
    TryReservation,
)
from tradewind.contracts.inventory import ReservedLine
from tradewind.contracts.proto.tradewind.inventory.v1 import inventory_pb2 as pb

SERVICE: Final = pb.DESCRIPTOR.services_by_name["Inventory"]


def _id(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise InvalidClaim(errors=[{"pointer": "/order_id", "detail": "Expected a UUID."}]) from None


def _quantities(name: str, items: Collection[pb.Item]) -> dict[str, int]:
    quantities = {item.sku: item.quantity for item in items}
    if len(quantities) < len(items):
        raise InvalidClaim(errors=[{"pointer": f"/{name}", "detail": "Expected each SKU once."}])
    return quantities


def _to_amend(request: pb.AmendRequest) -> AmendReservation:
    more, less = _quantities("more", request.more), _quantities("less", request.less)
    if any(pieces < 1 for pieces in (*more.values(), *less.values())) or more.keys() & less.keys():
        raise InvalidClaim(errors=[{"pointer": "", "detail": "Expected pieces that come, or pieces that go."}])
    return AmendReservation(reservation_id=_id(request.order_id), edit_id=_id(request.edit_id), more=more, less=less)


def _to_reserve(request: pb.ReserveRequest) -> TryReservation:
    quantities = _quantities("items", request.items)
    return TryReservation(
        reservation_id=_id(request.order_id),
        quantities=quantities,
        ttl_s=request.ttl_s or RESERVATION_TTL_S,
        ship_to=dict(request.ship_to) or None,
    )


def _reserved(view: ClaimView) -> pb.ReserveResponse:
    at_ms = round(view.expires_at.timestamp() * 1000)
    return pb.ReserveResponse(order_id=str(view.id), items=_items(view.items), expires_at_ms=at_ms)


def _items(lines: Iterable[ReservedLine]) -> list[pb.HeldItem]:
    return [
        pb.HeldItem(sku=one.sku, quantity=one.qty, warehouse=one.warehouse, bundle=one.bundle or "") for one in lines
    ]


METHODS: Final = (
    Method(service=SERVICE, name="ReserveStock", request=pb.ReserveRequest, command=_to_reserve, answer=_reserved),
    Method(
        service=SERVICE,
        name="ConfirmStock",
        request=pb.ConfirmRequest,
        command=lambda request: ConfirmReservation(reservation_id=_id(request.order_id)),
        answer=lambda view: pb.ConfirmResponse(order_id=str(view.id), items=_items(view.items)),
    ),
    Method(
        service=SERVICE,
        name="AmendStock",
        request=pb.AmendRequest,
        command=_to_amend,
        answer=lambda view: pb.AmendResponse(order_id=str(view.id), items=_items(view.items)),
    ),
    Method(
        service=SERVICE,
        name="ReleaseStock",
        request=pb.ReleaseRequest,
        command=lambda request: CancelReservation(reservation_id=_id(request.order_id)),
        answer=lambda _: pb.ReleaseResponse(),
    ),
)
