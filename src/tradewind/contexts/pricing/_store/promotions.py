"""The SQL of promotions and their coupons."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tradewind.contexts.pricing._domain.promotion import NoSuchPromotion, State, Terms
from tradewind.contexts.pricing._domain.promotion_view import Draft, Promotion
from tradewind.runtime.database import Tx

MAX_FOR_EVERYBODY: Final = 100
"""Promotions without coupon that may be active at once: each quote looks at all of them."""
ADD: Final = """
    INSERT INTO pricing.promotion (id, name, state, needs_coupon, currency, valid_from, valid_to, max_uses,
        max_per_customer, terms, created_at, created_by)
    VALUES ($1, $2, 'DRAFT', $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
GET: Final = "SELECT * FROM pricing.promotion WHERE id = $1"
HOLD: Final = "SELECT * FROM pricing.promotion WHERE id = $1 FOR NO KEY UPDATE"
LIST: Final = """
    SELECT * FROM pricing.promotion
    WHERE ($1::uuid IS NULL OR id > $1) AND ($2::text IS NULL OR state = $2) ORDER BY id LIMIT $3
"""
CHANGE: Final = """
    UPDATE pricing.promotion SET name = $2, currency = $3, valid_from = $4, valid_to = $5, max_uses = $6,
        max_per_customer = $7, terms = $8, version = version + 1
    WHERE id = $1
"""
MOVE: Final = "UPDATE pricing.promotion SET state = $2, version = version + 1 WHERE id = $1"
GATE: Final = "SELECT pg_advisory_xact_lock(hashtext('pricing.activate_promotion'))"
COUNT_ACTIVE: Final = "SELECT count(*) FROM pricing.promotion WHERE state = 'ACTIVE' AND NOT needs_coupon"
ADD_BATCH: Final = """
    INSERT INTO pricing.coupon_batch (id, promotion_id, size, max_uses, created_at) VALUES ($1, $2, $3, $4, $5)
"""
ADD_COUPONS: Final = """
    INSERT INTO pricing.coupon (code, promotion_id, batch_id, max_uses, max_per_customer, created_at)
    SELECT code, $2, $3, $4, $5, $6 FROM unnest($1::text[]) AS u (code) ON CONFLICT (code) DO NOTHING
"""
COUPONS: Final = """
    SELECT c.code, c.batch_id, c.max_uses, c.max_per_customer, c.uses, b.max_uses AS batch_max_uses,
        b.uses AS batch_uses
    FROM pricing.coupon AS c LEFT JOIN pricing.coupon_batch AS b ON b.id = c.batch_id
    WHERE c.promotion_id = $1 AND c.code > $2 ORDER BY c.code LIMIT $3
"""
_terms = msgspec.json.Decoder(Terms)


def _fields(draft: Draft) -> tuple[Any, ...]:
    terms = msgspec.json.encode(draft.terms).decode()
    return (draft.currency, draft.valid_from, draft.valid_to, draft.max_uses, draft.max_per_customer, terms)


async def add(tx: Tx, promotion_id: UUID, draft: Draft, *, needs_coupon: bool, at: datetime) -> None:
    """Write a new promotion, which does not count yet."""
    fields = _fields(draft)
    await tx.run(ADD, promotion_id, draft.name, needs_coupon, *fields, at, tx.call.actor.subject)


async def get(tx: Tx, promotion_id: UUID, *, held: bool = False) -> Promotion:
    """The promotion, where `held` not changed by others until the end. Refuses NoSuchPromotion."""
    row = await tx.row(HOLD if held else GET, promotion_id)
    if row is None:
        raise NoSuchPromotion(promotionId=str(promotion_id))
    return promotion(row)


async def change(tx: Tx, promotion_id: UUID, draft: Draft) -> Promotion:
    """Write a held promotion anew; what it is then."""
    await tx.run(CHANGE, promotion_id, draft.name, *_fields(draft))
    return await get(tx, promotion_id)


async def move(tx: Tx, promotion_id: UUID, state: State) -> Promotion:
    """Let a held promotion stand elsewhere; what it is then."""
    await tx.run(MOVE, promotion_id, state.value)
    return await get(tx, promotion_id)


async def page(tx: Tx, after: UUID | None, state: State | None, limit: int) -> list[Promotion]:
    """At most `limit` promotions, oldest first, that follow `after`."""
    return [promotion(row) for row in await tx.all(LIST, after, state and state.value, limit)]


async def active_for_everybody(tx: Tx) -> int:
    """How many promotions without coupon are active; nobody else activates one until the transaction ends."""
    await tx.value(GATE)
    found: int = await tx.value(COUNT_ACTIVE)
    return found


async def add_coupons(
    tx: Tx, promotion_id: UUID, codes: Sequence[str], batch_id: UUID | None, limits: tuple[int | None, int | None],
    at: datetime,
) -> int:  # fmt: skip
    """Write codes (in capitals) with their limits, in all and by customer; how many were not there yet."""
    return await tx.run(ADD_COUPONS, list(codes), promotion_id, batch_id, *limits, at)


def promotion(row: Any) -> Promotion:
    """What a row says."""
    terms = _terms.decode(row["terms"])
    return Promotion(
        id=row["id"],
        name=row["name"],
        state=State(row["state"]),
        needs_coupon=row["needs_coupon"],
        benefit=terms.benefit,
        conditions=terms.conditions,
        priority=terms.priority,
        exclusive=terms.exclusive,
        combines=terms.combines,
        currency=row["currency"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        max_uses=row["max_uses"],
        max_per_customer=row["max_per_customer"],
        uses=row["uses"],
        version=row["version"],
    )
