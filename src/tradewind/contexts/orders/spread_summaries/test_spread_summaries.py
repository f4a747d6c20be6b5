"""What has changed of orders goes to the index in batches of a bounded size, however many changed at once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

import pytest

from tests.shops import Shop, until
from tradewind.contexts.orders.spread_summaries.timer import bring_on
from tradewind.kernel.ids import new_id
from tradewind.ports.order_search import Found, OrderSearchAway, Question, Row
from tradewind.ports.progress import Reached

KEEP: Final = """
    INSERT INTO orders.orders_by_customer (order_id, user_id, placed_at, status, total_minor, currency)
    SELECT id, 'ann', now(), 'PAID', 1000, 'EUR' FROM unnest($1::uuid[]) AS those (id)
"""
STAMPS: Final = "SELECT DISTINCT stamp FROM orders.orders_by_customer ORDER BY stamp"
BATCH: Final = 3


class Index:
    """In memory, as others are elsewhere. It is away for the put that bears the number `fails_at`."""

    def __init__(self, fails_at: int) -> None:
        self.fails_at, self.upto = fails_at, Reached(1, 0)
        self.puts, self.orders = list[list[UUID]](), set[UUID]()

    async def reached(self) -> Reached | None:
        return self.upto

    async def put(self, rows: Sequence[Row], upto: Reached, *, is_all: bool) -> None:
        self.puts.append([row.summary.order_id for row in rows])
        if len(self.puts) == self.fails_at:
            raise OrderSearchAway
        self.orders |= set(self.puts[-1])
        self.upto = max(self.upto, upto)

    async def rebuild(self, rows: AsyncIterator[Sequence[Row]], upto: Reached) -> None:
        raise OrderSearchAway

    async def search(self, question: Question) -> Found | None:
        return None


@pytest.mark.parametrize("many", [2, 3, 10, 12])
async def test_orders_that_changed_in_one_transaction_go_in_several_batches_and_count_once_all_are_there(
    shop: Shop, many: int
) -> None:
    index, before, at_once, later = Index(fails_at=3), new_id(), [new_id() for _ in range(many)], new_id()
    for ids in ([before], at_once, [later]):
        await shop.db.pool.execute(KEEP, ids)
    _, stamp, newest = [row["stamp"] for row in await shop.db.pool.fetch(STAMPS)]

    async def has_all() -> bool:
        with suppress(OrderSearchAway):
            await bring_on(shop.db, index, batch=BATCH)
        assert index.upto.stamp < stamp or index.orders >= {before, *at_once}
        return bool(index.upto.stamp >= newest)

    await until(shop, has_all)
    assert index.orders == {before, *at_once, later}
    assert max(map(len, index.puts)) == BATCH
