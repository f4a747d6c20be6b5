"""The SQL of shipping.parcel: what a shipment is packed into, and what its carrier is to be asked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contexts.shipping._domain.parcel import (
    LIFECYCLE,
    TRACK_EVERY,
    TRACKED,
    CallOff,
    Parcel,
    Size,
    State,
)
from tradewind.kernel import clock
from tradewind.runtime.database import Tx

LEASE_S: Final = 60
AT_ONCE: Final = 20
CALL_OFF: Final = """
    UPDATE shipping.parcel SET state = 'CANCELING', due_at = $2, lease_until = '-infinity', tries = 0, label = NULL,
           changed_at = now()
    WHERE shipment_id = ANY($1::uuid[]) AND state = ANY($3::text[])
"""
CALL_OFF_ORDERS: Final = """
    UPDATE shipping.parcel AS p SET state = 'CANCELING', due_at = $2, lease_until = '-infinity', tries = 0,
           label = NULL, changed_at = now()
    FROM shipping.shipments AS s
    WHERE s.order_id = ANY($1::uuid[]) AND p.shipment_id = s.id AND p.state = ANY($3::text[])
"""
UNPACK: Final = "DELETE FROM shipping.parcel WHERE shipment_id = $1 AND state = 'PACKED'"
ADD: Final = """
    INSERT INTO shipping.parcel (id, shipment_id, round, carrier, state, due_at, number,
                                 weight_g, length_mm, width_mm, height_mm)
    SELECT u.id, $1, $2, $3, CASE WHEN $3::text IS NULL THEN 'PACKED' ELSE 'WANTED' END,
           CASE WHEN $3::text IS NOT NULL THEN $4::timestamptz END, u.number,
           u.weight_g, u.length_mm, u.width_mm, u.height_mm
    FROM unnest($5::uuid[], $6::int[], $7::int[], $8::int[], $9::int[])
         WITH ORDINALITY AS u (id, weight_g, length_mm, width_mm, height_mm, number)
"""
OF_SHIPMENT: Final = """
    SELECT p.id, p.shipment_id, p.number, p.carrier, p.state, p.tracking_number, p.why, p.weight_g, p.length_mm,
           p.width_mm, p.height_mm
    FROM shipping.parcel AS p JOIN shipping.shipments AS s ON s.id = p.shipment_id
    WHERE p.shipment_id = $1 AND p.round = s.parcels AND p.state NOT IN ('CANCELING', 'CANCELED') ORDER BY p.number
"""
LABEL: Final = "SELECT label FROM shipping.parcel WHERE id = $1"
FOLLOW: Final = """
    UPDATE shipping.parcel SET due_at = least(due_at, $2) WHERE shipment_id = $1 AND state = 'BOOKED'
"""
IS_DUE: Final = "SELECT EXISTS (SELECT FROM shipping.parcel WHERE due_at <= $1 AND lease_until <= $1)"
CLAIM: Final = """
    WITH due AS MATERIALIZED (
        SELECT id FROM shipping.parcel WHERE due_at <= $1 AND lease_until <= $1
        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE shipping.parcel AS p SET lease_until = $2 FROM due, shipping.shipments AS s
    WHERE p.id = due.id AND s.id = p.shipment_id
    RETURNING p.id, p.shipment_id, s.order_id, p.number, p.carrier, p.state, p.tries, p.lease_until, p.weight_g,
              p.length_mm, p.width_mm, p.height_mm, s.address::text AS address
"""
RECORD: Final = """
    UPDATE shipping.parcel SET state = $4, due_at = $5, tracking_number = coalesce($6, tracking_number), label = $7,
           why = $8, tries = 0, lease_until = '-infinity',
           changed_at = CASE WHEN state = $4 THEN changed_at ELSE now() END
    WHERE id = $1 AND lease_until = $2 AND state = $3
"""
RECORD_STAGE: Final = """
    UPDATE shipping.parcel SET state = $4, due_at = $5, tries = 0, lease_until = '-infinity',
           changed_at = CASE WHEN state = $4 THEN changed_at ELSE now() END
    WHERE id = $1 AND lease_until = $2 AND state = $3
"""
ASK_AGAIN: Final = """
    UPDATE shipping.parcel SET due_at = $3, tries = tries + 1, lease_until = '-infinity'
    WHERE id = $1 AND lease_until = $2
"""
HINT: Final = """
    UPDATE shipping.parcel SET due_at = $3 WHERE carrier = $1 AND id = ANY($2::uuid[]) AND state = ANY($4::text[])
"""
HEAR: Final = """
    INSERT INTO shipping.carrier_notice (carrier, notice_id) SELECT DISTINCT $1, unnest($2::text[])
    ON CONFLICT DO NOTHING RETURNING notice_id
"""
FORGET_NOTICES: Final = """
    DELETE FROM shipping.carrier_notice WHERE (carrier, notice_id) IN (
        SELECT carrier, notice_id FROM shipping.carrier_notice WHERE heard_at < $1 ORDER BY heard_at LIMIT $2)
"""
_CANCELABLE: Final = sorted(LIFECYCLE.sources(CallOff))
_HEARD_OF: Final = sorted((State.WANTED, *TRACKED))


class Asked(Struct, frozen=True, kw_only=True):
    """A parcel whose carrier is to be asked by whoever claimed it, until `lease_until`."""

    id: UUID
    shipment_id: UUID
    order_id: UUID
    number: int
    carrier: str
    state: State
    tries: int
    lease_until: datetime
    size: Size
    address: dict[str, str]


async def replace(tx: Tx, shipment_id: UUID, round_: int, packed: Sequence[Parcel]) -> None:
    """Write what a held shipment is packed into, in place of what was said before; that is called off."""
    await tx.run(UNPACK, shipment_id)
    await call_off(tx, shipment_id)
    sizes = [one.size for one in packed]
    await tx.run(
        ADD, shipment_id, round_, packed[0].carrier, clock.now(), [one.id for one in packed],
        [size.weight_g for size in sizes], [size.length_mm for size in sizes], [size.width_mm for size in sizes],
        [size.height_mm for size in sizes],
    )  # fmt: skip


async def of_shipment(tx: Tx, shipment_id: UUID) -> list[Parcel]:
    """What a shipment is packed into now: neither what was called off nor what was lost before it was replaced."""
    return [_parcel(row) for row in await tx.all(OF_SHIPMENT, shipment_id)]


async def call_off(tx: Tx, shipment_id: UUID) -> None:
    """Let carriers not carry the parcels of a held shipment."""
    await tx.run(CALL_OFF, [shipment_id], clock.now(), _CANCELABLE)


def call_off_orders(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """The same for all of these orders' held shipments."""
    tx.later(CALL_OFF_ORDERS, order_ids, clock.now(), _CANCELABLE)


async def follow(tx: Tx, shipment_id: UUID) -> None:
    """From now on ask the carriers where the parcels of a held shipment are."""
    await tx.run(FOLLOW, shipment_id, clock.now() + TRACK_EVERY)


async def claim(tx: Tx) -> list[Asked]:
    """What carriers are to be asked now, leased to the caller; nothing is written where there is nothing."""
    moment = clock.now()
    if not await tx.value(IS_DUE, moment):
        return []
    rows = await tx.all(CLAIM, moment, moment + timedelta(seconds=LEASE_S), AT_ONCE)
    return [_asked(row) for row in rows]


async def record(tx: Tx, asked: Asked, state: State, answer: "Answer") -> bool:
    """Write how a booking or its cancellation went; False where it was decided otherwise meanwhile."""
    return await tx.run(
        RECORD, asked.id, asked.lease_until, asked.state.value, state.value, answer.due_at, answer.tracking_number,
        answer.label, answer.why,
    ) == 1  # fmt: skip


async def record_stage(tx: Tx, asked: Asked, state: State, due_at: datetime | None) -> bool:
    """Write how far the carrier has brought it; False where it was decided otherwise meanwhile."""
    found = await tx.run(RECORD_STAGE, asked.id, asked.lease_until, asked.state.value, state.value, due_at)
    return found == 1


async def ask_again(tx: Tx, asked: Asked, due_at: datetime) -> None:
    """The carrier did not answer."""
    await tx.run(ASK_AGAIN, asked.id, asked.lease_until, due_at)


class Answer(Struct, frozen=True, kw_only=True):
    """What is written of a carrier's answer."""

    due_at: datetime | None = None
    tracking_number: str | None = None
    label: bytes | None = None
    why: str | None = None


async def hear(tx: Tx, carrier: str, notice_ids: Sequence[str]) -> set[str]:
    """Those notices that were not heard before."""
    return {row["notice_id"] for row in await tx.all(HEAR, carrier, notice_ids)}


async def hint(tx: Tx, carrier: str, parcel_ids: Sequence[UUID]) -> int:
    """Ask about these parcels of a carrier at once."""
    return await tx.run(HINT, carrier, parcel_ids, clock.now(), _HEARD_OF)


def _size(row: Any) -> Size:
    return Size(
        weight_g=row["weight_g"], length_mm=row["length_mm"], width_mm=row["width_mm"], height_mm=row["height_mm"]
    )


def _parcel(row: Any) -> Parcel:
    return Parcel(
        id=row["id"],
        shipment_id=row["shipment_id"],
        size=_size(row),
        number=row["number"],
        carrier=row["carrier"],
        state=State(row["state"]),
        tracking_number=row["tracking_number"],
        why=row["why"],
    )


def _asked(row: Any) -> Asked:
    return Asked(
        id=row["id"],
        shipment_id=row["shipment_id"],
        order_id=row["order_id"],
        number=row["number"],
        carrier=row["carrier"],
        state=State(row["state"]),
        tries=row["tries"],
        lease_until=row["lease_until"],
        size=_size(row),
        address=msgspec.json.decode(row["address"], type=dict[str, str]),
    )
