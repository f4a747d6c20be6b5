"""The SQL of shipping.shipments."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tradewind.contexts.shipping._domain.shipment import LIFECYCLE, Hold, NoSuchShipment, Release, Shipment, Status
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx

PLAN: Final = """
    INSERT INTO shipping.shipments (order_id, id, address)
    SELECT u.order_id, u.id, u.address::jsonb
    FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (order_id, id, address)
    ON CONFLICT (order_id) DO NOTHING RETURNING order_id, id
"""
HOLD_ORDERS: Final = """
    SELECT id, order_id, status, tracking_number, parcels FROM shipping.shipments
    WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR NO KEY UPDATE
"""
HOLD: Final = """
    SELECT id, order_id, status, tracking_number, parcels FROM shipping.shipments WHERE id = $1 FOR NO KEY UPDATE
"""
RELEASE: Final = """
    UPDATE shipping.shipments SET status = 'READY', ready_at = now() WHERE order_id = ANY($1::uuid[]) AND status = $2
"""
HOLD_BACK: Final = """
    UPDATE shipping.shipments SET status = 'PLANNED', ready_at = NULL WHERE order_id = $1 AND status = $2
"""
REDIRECT: Final = "UPDATE shipping.shipments SET address = $2::jsonb WHERE order_id = $1"
LOST: Final = "SELECT order_id FROM shipping.shipments WHERE order_id = ANY($1::uuid[]) AND status = 'LOST'"
CANCEL: Final = """
    UPDATE shipping.shipments SET status = 'CANCELED', canceled_at = now() WHERE order_id = ANY($1::uuid[])
"""
MOVE: Final = """
    UPDATE shipping.shipments SET status = $2, tracking_number = $3, parcels = $4,
        dispatched_at = CASE WHEN $2 = 'DISPATCHED' THEN now() ELSE dispatched_at END,
        in_transit_at = CASE WHEN $2 = 'IN_TRANSIT' THEN now() ELSE in_transit_at END,
        delivered_at = CASE WHEN $2 = 'DELIVERED' THEN now() ELSE delivered_at END,
        lost_at = CASE WHEN $2 = 'LOST' THEN now() ELSE lost_at END
    WHERE id = $1
"""
GET: Final = """
    SELECT id, order_id, status, tracking_number, address::text AS address,
           created_at, ready_at, dispatched_at, in_transit_at, delivered_at, lost_at, canceled_at
    FROM shipping.shipments WHERE id = $1
"""
GET_BY_ORDER: Final = """
    SELECT id, order_id, status, tracking_number, address::text AS address,
           created_at, ready_at, dispatched_at, in_transit_at, delivered_at, lost_at, canceled_at
    FROM shipping.shipments WHERE order_id = $1
"""


async def plan(tx: Tx, addresses: Mapping[UUID, Mapping[str, str]]) -> dict[UUID, UUID]:
    """Write a shipment for each order that has none; order to shipment, of the new ones only."""
    texts = [msgspec.json.encode(dict(address)).decode() for address in addresses.values()]
    rows = await tx.all(PLAN, list(addresses), [new_id() for _ in addresses], texts)
    return {row["order_id"]: row["id"] for row in rows}


async def hold_orders(tx: Tx, order_ids: Sequence[UUID]) -> list[Shipment]:
    """The shipments of these orders; nobody else moves them until the transaction ends."""
    return [_shipment(row) for row in await tx.all(HOLD_ORDERS, order_ids)]


async def hold(tx: Tx, shipment_id: UUID) -> Shipment:
    """The shipment, held; refuses with NoSuchShipment."""
    row = await tx.row(HOLD, shipment_id)
    if row is None:
        raise NoSuchShipment(shipment_id=str(shipment_id))
    return _shipment(row)


def release(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """Let those that are planned leave the house."""
    (source,) = LIFECYCLE.sources(Release)
    tx.later(RELEASE, order_ids, source.value)


async def hold_back(tx: Tx, order_id: UUID) -> None:
    """Let one that is ready wait until it is released again."""
    (source,) = LIFECYCLE.sources(Hold)
    await tx.run(HOLD_BACK, order_id, source.value)


async def redirect(tx: Tx, order_id: UUID, address: Mapping[str, str]) -> None:
    """Write where a held shipment goes."""
    await tx.run(REDIRECT, order_id, msgspec.json.encode(dict(address)).decode())


async def lost(tx: Tx, order_ids: Sequence[UUID]) -> frozenset[UUID]:
    """The orders whose shipment is lost."""
    return frozenset(row["order_id"] for row in await tx.all(LOST, order_ids))


def cancel(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """Write off held shipments."""
    tx.later(CANCEL, order_ids)


def move(tx: Tx, shipment: Shipment) -> None:
    """Write where a held shipment is now, and since when."""
    tx.later(MOVE, shipment.id, shipment.status.value, shipment.tracking_number, shipment.parcels)


async def get(tx: Tx, shipment_id: UUID) -> Any:
    """Everything that is known of a shipment; None where there is none."""
    return await tx.row(GET, shipment_id)


async def get_by_order(tx: Tx, order_id: UUID) -> Any:
    """Everything that is known of an order's shipment; None where there is none."""
    return await tx.row(GET_BY_ORDER, order_id)


def _shipment(row: Any) -> Shipment:
    return Shipment(
        id=row["id"],
        order_id=row["order_id"],
        status=Status(row["status"]),
        tracking_number=row["tracking_number"],
        parcels=row["parcels"],
    )
