"""Look at one shipment."""

from typing import Any
from uuid import UUID

import msgspec

from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.views import ReplacementView, ShipmentDetails, ShipmentList
from tradewind.contexts.shipping._store import shipments
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetShipment(Command, frozen=True):
    """The shipment with this id."""

    shipment_id: UUID


class GetOrderShipment(Command, frozen=True):
    """The shipment of this order; the first where there are several."""

    order_id: UUID


class ListOrderShipments(Command, frozen=True):
    """Every shipment of this order."""

    order_id: UUID


@query(action="shipping.get")
async def get_shipment(command: GetShipment, tx: Tx) -> ShipmentDetails:
    """The shipment; refuses with NoSuchShipment where there is none that the caller may see."""
    return _details(tx, await shipments.get(tx, command.shipment_id))


@query(action="shipping.get")
async def get_order_shipment(command: GetOrderShipment, tx: Tx) -> ShipmentDetails:
    """The order's first shipment; refuses with NoSuchShipment where there is none that the caller may see."""
    return _details(tx, next(iter(await shipments.get_by_order(tx, command.order_id)), None))


@query(action="shipping.get")
async def list_order_shipments(command: ListOrderShipments, tx: Tx) -> ShipmentList:
    """How the order's goods travel; refuses with NoSuchShipment where there is none that the caller may see."""
    rows = await shipments.get_by_order(tx, command.order_id)
    return ShipmentList(items=tuple(_details(tx, row) for row in rows or (None,)))


def _details(tx: Tx, row: Any) -> ShipmentDetails:
    # Shipping does not know whose an order is, so nobody passes for its owner: shoppers are told that there is none.
    if row is None or not tx.allows("shipping.get", owner=False):
        raise NoSuchShipment
    known = dict(row)
    del known["parcels"]
    known["address"] = msgspec.json.decode(known["address"], type=dict[str, str])
    known["lines"] = known["lines"] and msgspec.json.decode(known["lines"], type=dict[str, int])
    known["replacement"] = known["replacement"] and msgspec.json.decode(known["replacement"], type=ReplacementView)
    return ShipmentDetails(**known)
