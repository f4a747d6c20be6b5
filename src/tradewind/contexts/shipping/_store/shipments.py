"""The SQL of shipping.shipments."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tradewind.contexts.shipping._domain.plan import ShipmentPlan
from tradewind.contexts.shipping._domain.shipment import LIFECYCLE, Hold, NoSuchShipment, Release, Shipment, Status
from tradewind.contracts.shipping import UnpackedItem
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx

PLAN: Final = """
    INSERT INTO shipping.shipments (order_id, id, address)
    SELECT u.order_id, u.id, u.address::jsonb
    FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (order_id, id, address)
    ON CONFLICT (order_id, part) DO NOTHING RETURNING order_id, id
"""
LOCK_ORDERS: Final = """
    SELECT FROM shipping.shipments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, part FOR NO KEY UPDATE
"""
LOCK_PLAN: Final = """
    SELECT FROM shipping.shipments WHERE order_id = (SELECT order_id FROM shipping.shipments WHERE id = $1)
    ORDER BY order_id, part FOR NO KEY UPDATE
"""
READ_ORDERS: Final = """
    SELECT id, order_id, status, tracking_number, parcels, part, lines::text AS lines FROM shipping.shipments
    WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, part
"""
READ_PLAN: Final = """
    SELECT id, order_id, status, tracking_number, parcels, part, lines::text AS lines FROM shipping.shipments
    WHERE order_id = (SELECT order_id FROM shipping.shipments WHERE id = $1) ORDER BY part
"""
RELEASE: Final = """
    UPDATE shipping.shipments SET status = 'READY', ready_at = now() WHERE order_id = ANY($1::uuid[]) AND status = $2
"""
NEVER_RELEASED: Final = """
    SELECT DISTINCT s.order_id FROM shipping.shipments AS s
    WHERE s.order_id = ANY($1::uuid[]) AND s.status = 'PLANNED'
      AND NOT EXISTS (SELECT FROM shipping.fulfillment_task AS t WHERE t.shipment_id = s.id)
"""
UNPLANNED: Final = """
    SELECT order_id FROM unnest($1::uuid[]) AS u (order_id)
    WHERE NOT EXISTS (SELECT FROM shipping.shipments AS s WHERE s.order_id = u.order_id) ORDER BY order_id
"""
HOLD_BACK: Final = """
    UPDATE shipping.shipments SET status = 'PLANNED', ready_at = NULL, lines = NULL
    WHERE order_id = $1 AND status = $2
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
        lost_at = CASE WHEN $2 = 'LOST' THEN now() ELSE lost_at END,
        returned_at = CASE WHEN $2 = 'RETURNED' THEN now() ELSE returned_at END,
        unpacked_at = CASE WHEN $2 = 'UNPACKED' THEN now() ELSE unpacked_at END
    WHERE id = $1
"""
FILL: Final = "UPDATE shipping.shipments SET lines = $2::text::jsonb WHERE id = $1"
ADD_PART: Final = """
    INSERT INTO shipping.shipments (order_id, part, id, status, address, lines, ready_at)
    SELECT order_id, $3, $2, status, address, $4::text::jsonb, ready_at FROM shipping.shipments WHERE id = $1
"""
GET: Final = """
    SELECT id, order_id, status, tracking_number, parcels, part, lines::text AS lines, address::text AS address,
           created_at, ready_at, dispatched_at, in_transit_at, delivered_at, lost_at, returned_at, unpacked_at,
           canceled_at, (SELECT json_build_object('id', r.id, 'status', r.status, 'why', r.why)::text
                         FROM shipping.replacement AS r WHERE r.shipment_id = s.id
                         ORDER BY r.asked_at DESC, r.id DESC LIMIT 1) AS replacement
    FROM shipping.shipments AS s WHERE id = $1
"""
GET_BY_ORDER: Final = """
    SELECT id, order_id, status, tracking_number, parcels, part, lines::text AS lines, address::text AS address,
           created_at, ready_at, dispatched_at, in_transit_at, delivered_at, lost_at, returned_at, unpacked_at,
           canceled_at, (SELECT json_build_object('id', r.id, 'status', r.status, 'why', r.why)::text
                         FROM shipping.replacement AS r WHERE r.shipment_id = s.id
                         ORDER BY r.asked_at DESC, r.id DESC LIMIT 1) AS replacement
    FROM shipping.shipments AS s WHERE order_id = $1 ORDER BY part
"""


UNPACK: Final = """
    INSERT INTO shipping.unpacked (shipment_id, round, sku, warehouse, restocked, written_off)
    SELECT $1, $2, u.sku, $3, u.restocked, u.written_off
    FROM unnest($4::text[], $5::int[], $6::int[]) AS u (sku, restocked, written_off)
"""


async def plan(tx: Tx, addresses: Mapping[UUID, Mapping[str, str]]) -> dict[UUID, UUID]:
    """Write a shipment for each order that has none; order to shipment, of the new ones only."""
    texts = [msgspec.json.encode(dict(address)).decode() for address in addresses.values()]
    rows = await tx.all(PLAN, list(addresses), [new_id() for _ in addresses], texts)
    return {row["order_id"]: row["id"] for row in rows}


async def hold_orders(tx: Tx, order_ids: Sequence[UUID]) -> list[Shipment]:
    """The shipments of these orders; nobody else moves them, or adds one, until the transaction ends.

    Locked first and then read: who waited for the lock would not see the parts that were added meanwhile.
    """
    await tx.all(LOCK_ORDERS, order_ids)
    return [shipment(row) for row in await tx.all(READ_ORDERS, order_ids)]


async def hold_plan(tx: Tx, shipment_id: UUID) -> ShipmentPlan:
    """All shipments of the order that this one is of, held; refuses with NoSuchShipment."""
    await tx.all(LOCK_PLAN, shipment_id)
    rows = await tx.all(READ_PLAN, shipment_id)
    if not rows:
        raise NoSuchShipment(shipment_id=str(shipment_id))
    return ShipmentPlan(tuple(shipment(row) for row in rows))


async def hold(tx: Tx, shipment_id: UUID) -> Shipment:
    """The shipment, held with all others of its order, since they tell under one key; refuses with NoSuchShipment."""
    return (await hold_plan(tx, shipment_id)).one(shipment_id)


def release(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """Let those that are planned leave the house."""
    (source,) = LIFECYCLE.sources(Release)
    tx.later(RELEASE, order_ids, source.value)


async def never_released(tx: Tx, order_ids: Sequence[UUID]) -> list[UUID]:
    """Those with a planned shipment that has never been to be picked."""
    return [row["order_id"] for row in await tx.all(NEVER_RELEASED, list(order_ids))]


async def unplanned(tx: Tx, order_ids: Sequence[UUID]) -> list[UUID]:
    """Those without any shipment, be it a canceled one."""
    return [row["order_id"] for row in await tx.all(UNPLANNED, list(order_ids))]


async def hold_back(tx: Tx, order_id: UUID) -> None:
    """Let the one that is ready wait until it is released again; what is in it is what the order says then."""
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


def move(tx: Tx, one: Shipment) -> None:
    """Write where a held shipment is now, and since when."""
    tx.later(MOVE, one.id, one.status.value, one.tracking_number, one.parcels)


def unpack(tx: Tx, one: Shipment, warehouse: str, found: Sequence[UnpackedItem]) -> None:
    """Write what became of its goods."""
    tx.later(
        UNPACK, one.id, one.parcels, warehouse, [item.sku for item in found], [item.restocked for item in found],
        [item.written_off for item in found],
    )  # fmt: skip


async def move_now(tx: Tx, one: Shipment) -> None:
    """The same, at once: several moves may follow each other."""
    await tx.run(MOVE, one.id, one.status.value, one.tracking_number, one.parcels)


async def get(tx: Tx, shipment_id: UUID) -> Any:
    """Everything that is known of a shipment; None where there is none."""
    return await tx.row(GET, shipment_id)


async def get_by_order(tx: Tx, order_id: UUID) -> Sequence[Any]:
    """Everything that is known of an order's shipments, part by part."""
    return await tx.all(GET_BY_ORDER, order_id)


async def fill(tx: Tx, one: Shipment) -> None:
    """Write what is in a held shipment."""
    await tx.run(FILL, one.id, _text(one.lines))


async def add_part(tx: Tx, source: Shipment, part: Shipment) -> None:
    """Write another part of a held shipment's order; it goes where `source` goes."""
    await tx.run(ADD_PART, source.id, part.id, part.part, _text(part.lines))


def _text(lines: Mapping[str, int] | None) -> str:
    assert lines, "it is known what is in it"
    return msgspec.json.encode(dict(lines)).decode()


def shipment(row: Any) -> Shipment:
    """What a row says."""
    return Shipment(
        id=row["id"],
        order_id=row["order_id"],
        status=Status(row["status"]),
        tracking_number=row["tracking_number"],
        parcels=row["parcels"],
        part=row["part"],
        lines=None if row["lines"] is None else msgspec.json.decode(row["lines"], type=dict[str, int]),
    )
