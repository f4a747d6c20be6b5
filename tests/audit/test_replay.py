"""What was learned from events alone is dropped and learned again, the same to the last row, as the guide says."""

from typing import Final, LiteralString

import asyncpg
import pytest

from tests.audit.conftest import Place, red
from tests.audit.plants.plant import SHOWN
from tests.shops import open_shop, until, working
from tradewind.app.settings import Settings

REPLAYS: Final[tuple[tuple[str, LiteralString, LiteralString, str | None], ...]] = (
    (
        "orders.orders_by_customer",
        "TRUNCATE orders.orders_by_customer",
        "SELECT array_agg(t ORDER BY order_id)::text FROM orders.order_summary AS t",
        SHOWN,
    ),
    (
        "recommendations.products, recommendations.baskets",
        "TRUNCATE recommendations.basket, recommendations.pair, recommendations.term, recommendations.frequency; "
        "UPDATE recommendations.product SET bought = 0",
        "SELECT (SELECT array_agg(p ORDER BY product_id, other_id) FROM recommendations.pair AS p)::text "
        "|| (SELECT array_agg(f ORDER BY term) FROM recommendations.frequency AS f)::text "
        "|| (SELECT array_agg((product_id, bought) ORDER BY product_id) FROM recommendations.product)::text",
        None,
    ),
)
REWIND: Final = """
    UPDATE runtime.position SET stamp = 0, position = 0 WHERE subscriber = ANY(string_to_array($1, ', '))
"""
HEARD: Final = """
    SELECT bool_and((p.stamp, p.position) >= (kept.stamp, kept.position)) FROM runtime.position AS p
    JOIN unnest($1::text[], $2::bigint[], $3::bigint[]) AS kept (subscriber, stamp, position) USING (subscriber)
"""
STANDING: Final = """
    SELECT array_agg(subscriber), array_agg(stamp), array_agg(position) FROM runtime.position
    WHERE subscriber = ANY(string_to_array($1, ', '))
"""


@pytest.mark.parametrize(("subscribers", "drop", "look", "hurts"), REPLAYS, ids=[name for name, *_ in REPLAYS])
async def test_what_is_dropped_and_replayed_is_the_same(
    subscribers: str, drop: LiteralString, look: LiteralString, hurts: str | None, copy: Place, settings: Settings
) -> None:
    connection = await asyncpg.connect(copy.found.database_url)
    before, standing = await connection.fetchval(look), await connection.fetchrow(STANDING, subscribers)
    assert before
    await connection.execute(drop)
    assert red(await copy.audit()) == ([hurts] if hurts else [])
    await connection.execute(REWIND, subscribers)
    async with open_shop(settings, copy.found, connections=4) as shop, working(shop):
        # The log is read below the oldest open transaction of the whole cluster, where other tests have theirs.
        assert await until(shop, lambda: shop.db.pool.fetchval(HEARD, *standing), within_s=120)
    assert await connection.fetchval(look) == before
    await connection.close()
    report = await copy.audit()
    assert report.ok, report.lines()
