"""A crowd at seven processes: nobody is kept waiting, sagas ask for the goods, and what is not there is not sold."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from tests.journeys.crowd import Wish, all_at_once, statuses
from tests.markets import Market
from tests.shops import until

pytestmark = pytest.mark.engine("kafka")

STOCK, BUYERS = 50, 400
WITHIN_S: Final = 600.0
ENDS: Final = """
    SELECT o.status, count(*)::int AS orders, count(*) FILTER (WHERE o.why LIKE 'out of stock: %')::int AS lacking
    FROM orders.orders AS o
    WHERE EXISTS (SELECT FROM orders.order_items AS i WHERE i.order_id = o.id AND i.sku = ANY($1::text[]))
    GROUP BY o.status
"""
HELD: Final = """
    SELECT sum(quantity)::int AS pieces, count(DISTINCT order_id)::int AS orders FROM inventory.reservation
    WHERE sku = $1 AND state = 'HELD'
"""


async def alone(market: Market) -> tuple[str, list[str]]:
    """The SKU of fifty pieces, and those by which they are sold: the same."""
    sku = await market.goods(stock=STOCK)
    return sku, [sku]


async def in_two_warehouses(market: Market) -> tuple[str, list[str]]:
    """Some of them in MAIN, the others elsewhere."""
    sku = await market.goods(stock=20)
    code = f"CROWD-{sku.rsplit('-', 1)[-1]}"
    opened = await market.admin.post("/api/v1/warehouses", {"code": code, "name": "Crowd", "priority": 1})
    assert opened.status_code == 201, opened.text
    delivery = {"delta": STOCK - 20, "reason": "delivery", "warehouse": code}
    booked = await market.admin.post(f"/api/v1/inventory/{sku}/adjustments", delivery)
    assert booked.status_code == 201, booked.text
    return sku, [sku]


async def in_bundles(market: Market) -> tuple[str, list[str]]:
    """Alone, and together with something of which there is enough."""
    part, other, kit = await market.goods(STOCK), await market.goods(BUYERS), await market.goods(0)
    parts = {"parts": [{"sku": sku, "qty": 1} for sku in (part, other)]}
    made = await market.admin.send("PUT", f"/api/v1/inventory/bundles/{kit}", parts)
    assert made.status_code == 200, made.text
    return part, [part, kit]


@pytest.mark.parametrize("goods", [alone, in_two_warehouses, in_bundles])
async def test_fifty_pieces_are_held_for_fifty_of_four_hundred_who_want_one_at_once(
    cluster_market: Market, goods: Callable[[Market], Awaitable[tuple[str, list[str]]]]
) -> None:
    market = cluster_market
    sku, sold_as = await goods(market)
    bodies: list[dict[str, Any]] = [{"items": [{"sku": one, "qty": 1}]} for one in sold_as]
    tokens = [market.somebody().token or "" for _ in range(BUYERS)]
    told = await all_at_once(Wish(market.urls[0], token, bodies[n % len(bodies)]) for n, token in enumerate(tokens))
    assert statuses(told) == {201: BUYERS}

    async def ended() -> dict[str, tuple[int, int]] | None:
        found = {
            row["status"]: (row["orders"], row["lacking"]) for row in await market.shop.db.pool.fetch(ENDS, sold_as)
        }
        return None if {*found} - {"PENDING_PAYMENT", "CANCELED"} else found

    lacking = BUYERS - STOCK
    seen = await until(market.shop, ended, within_s=WITHIN_S)
    assert seen == {"PENDING_PAYMENT": (STOCK, 0), "CANCELED": (lacking, lacking)}
    assert await market.stock(sku) == (STOCK, STOCK)
    assert tuple(await market.stock_pool.fetchrow(HELD, sku)) == (STOCK, STOCK)
