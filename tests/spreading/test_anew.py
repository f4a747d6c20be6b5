"""A copy that is made anew while workers bring it on has everything afterwards, however their ways cross."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from tests.builders import a_product
from tests.shops import Shop, a_call, until
from tradewind.contexts.inventory.manifest import rebuild_snapshot
from tradewind.contexts.inventory.spread_stock import timer as stock
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder, rebuild_lists
from tradewind.contexts.orders.spread_orders import timer as orders
from tradewind.ports.progress import NOWHERE, Reached
from tradewind.runtime.leading import LEAD

MAY_NOT_YET = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = $1"
"""Connections whose last word was this one: who is refused the lock says nothing more."""


class Copy:
    """In memory, as others are elsewhere: to be put into takes it a while, and to be emptied.

    Whoever puts first once it `lingers` notes how far it came when the test says so, and before the emptying is over.
    """

    def __init__(self) -> None:
        self.upto, self.words = NOWHERE, dict[Any, Any]()
        self.lingers, self.goes_on = False, asyncio.Event()
        self.lingering, self.noted, self.emptied = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def reached(self) -> Reached | None:
        return self.upto

    async def put(self, changes: Sequence[Any], upto: Reached, *, is_all: bool) -> None:
        self.words |= {_named(one): one for one in changes}
        if self.lingers and not self.lingering.is_set():
            self.lingering.set()
            await self.goes_on.wait()
            self.noted.set()
        self.upto = max(self.upto, upto)

    async def clear(self) -> None:
        self.upto, self.words = NOWHERE, {}
        self.emptied.set()
        await self.noted.wait()


def _named(one: Any) -> Any:
    return getattr(one, "order_id", None) or one.sku


async def an_order(shop: Shop) -> None:
    command = PlaceOrder(items=(OrderLine(sku="LAMP", qty=1),), shipping_address={"country": "DE"})
    await shop.dispatch(command, a_call())


@pytest.mark.parametrize(
    ("bring_on", "rebuild", "many"),
    [
        pytest.param(orders.bring_on, rebuild_lists, 3, id="orders"),
        pytest.param(stock.bring_on, rebuild_snapshot, 2, id="stock"),
    ],
)
async def test_what_somebody_puts_while_it_is_emptied_does_not_make_it_count_as_whole(
    shop: Shop,
    bring_on: Callable[..., Coroutine[Any, Any, int]],
    rebuild: Callable[..., Coroutine[Any, Any, bool]],
    many: int,
) -> None:
    copy, whole = Copy(), Copy()
    for sku in ("LAMP", "ROPE"):
        await a_product(shop, sku)
    for _ in range(2):
        await an_order(shop)
    await bring_on(shop.db, copy)
    await an_order(shop)
    copy.lingers = True
    worker = asyncio.create_task(bring_on(shop.db, copy))
    await copy.lingering.wait()
    owner = asyncio.create_task(rebuild(shop.db, copy))

    async def has_tried() -> bool:
        return copy.emptied.is_set() or bool(await shop.db.pool.fetchval(MAY_NOT_YET, LEAD))

    await until(shop, has_tried)
    copy.goes_on.set()
    await worker
    assert await owner
    await bring_on(shop.db, whole)
    assert len(whole.words) == many
    assert copy.words == whole.words
