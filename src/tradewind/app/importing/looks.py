"""What an import looks up in the shop's tables: what is there already, what has not ended, what went astray."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tradewind.app.wiring import Shop
from tradewind.contracts.pricing import PricingPeer
from tradewind.runtime.call import internal_call

ORDERS: Final = "SELECT id FROM orders.orders WHERE id = ANY($1::uuid[])"
REFERENCES: Final = "SELECT reference FROM inventory.inventory_adjustment WHERE reference = ANY($1::text[])"
UNHEARD_OF: Final = """
    SELECT count(*) FROM unnest($1::text[]) AS u (sku)
    WHERE NOT EXISTS (SELECT FROM inventory.inventory_stock AS s WHERE s.sku = u.sku)
"""
REFUNDS: Final = "SELECT id FROM payments.refund WHERE id = ANY($1::uuid[])"
MOVING: Final = "SELECT count(*) FROM runtime.saga WHERE id = ANY($1::uuid[]) AND due_at IS NOT NULL"
UNPAID: Final = """
    SELECT id, status, coalesce(why, 'see: tradewind saga show ' || id) AS why FROM orders.orders
    WHERE id = ANY($1::uuid[]) AND status NOT IN ('PAID', 'FULFILLED') ORDER BY id
"""
UNREFUNDED: Final = """
    SELECT id, status, coalesce(why, 'see: tradewind saga show ' || id) AS why FROM payments.refund
    WHERE id = ANY($1::uuid[]) AND status <> 'DONE' ORDER BY id
"""
BEHIND: Final = """
    SELECT count(*) FROM runtime.position
    WHERE subscriber NOT LIKE '(%' AND (stamp, position)
        < (SELECT stamp, position FROM runtime.outbox ORDER BY stamp DESC, position DESC LIMIT 1)
"""


async def product_ids(shop: Shop, skus: Sequence[str]) -> dict[str, UUID]:
    """The products among `skus` that are there."""
    async with shop.db.reading(internal_call("import")) as tx:
        found = await tx.peer(PricingPeer).prices(tx, skus, [])
    return {price.sku: price.product_id for price in found.values()}


async def orders(shop: Shop, ids: Sequence[UUID]) -> set[UUID]:
    """Those of `ids` that are placed."""
    async with shop.db.reading(internal_call("import")) as tx:
        return {row["id"] for row in await tx.all(ORDERS, ids)}


async def references(shop: Shop, wanted: Sequence[str]) -> set[str]:
    """Those adjustments of `wanted` that are booked."""
    async with shop.db.reading(internal_call("import")) as tx:
        return {row["reference"] for row in await tx.all(REFERENCES, wanted)}


async def unheard_of(shop: Shop, skus: Sequence[str]) -> int:
    """How many of `skus` have no stock, not even none of it."""
    async with shop.db.reading(internal_call("import")) as tx:
        count: int = await tx.value(UNHEARD_OF, skus)
    return count


async def refunds(shop: Shop, ids: Sequence[UUID]) -> set[UUID]:
    """Those of `ids` that are claimed."""
    async with shop.db.reading(internal_call("import")) as tx:
        return {row["id"] for row in await tx.all(REFUNDS, ids)}


async def moving(shop: Shop, sagas: Sequence[UUID]) -> int:
    """How many of `sagas` have more to do."""
    async with shop.db.reading(internal_call("import")) as tx:
        count: int = await tx.value(MOVING, sagas)
    return count


async def behind(shop: Shop) -> int:
    """How many subscribers have not heard the last event yet."""
    async with shop.db.reading(internal_call("import")) as tx:
        count: int = await tx.value(BEHIND)
    return count


async def unpaid(shop: Shop, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Those orders that ended otherwise than paid, with the reason."""
    async with shop.db.reading(internal_call("import")) as tx:
        return {row["id"]: f"{row['status']}, {row['why']}" for row in await tx.all(UNPAID, ids)}


async def unrefunded(shop: Shop, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Those refunds that did not reach the buyer, with the reason."""
    async with shop.db.reading(internal_call("import")) as tx:
        return {row["id"]: f"{row['status']}, {row['why']}" for row in await tx.all(UNREFUNDED, ids)}
