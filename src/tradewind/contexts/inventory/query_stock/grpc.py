"""QueryStock over gRPC."""

from typing import Final

from tradewind.api.grpc.methods import Method
from tradewind.contexts.inventory.query_stock.query import QueryStock, StockView
from tradewind.contracts.proto.tradewind.inventory.v1 import inventory_pb2 as pb


def _status(view: StockView) -> pb.StockStatus:
    return pb.StockStatus(
        sku=view.sku,
        product_id=str(view.product_id),
        on_hand=view.on_hand,
        reserved=view.reserved,
        available=view.available,
    )


METHODS: Final = (
    Method(
        service=pb.DESCRIPTOR.services_by_name["Inventory"],
        name="QueryStock",
        request=pb.StockQuery,
        command=lambda request: QueryStock(sku=request.sku),
        answer=_status,
    ),
)
