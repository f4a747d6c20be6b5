"""Runs of placing orders in this process: (a) by the raw limit, (b) by Tradewind with every check on."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import asyncpg

from tradewind.app.bench.driving import Run, drive
from tradewind.app.bench.raw_limit import CONNECTIONS, RawOrder, raw_order
from tradewind.app.bench.shelves import Basket, baskets
from tradewind.app.wiring import Shop
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contracts.identity import SCOPES
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import Actor, Call

WARM_UP: Final = 256
METHOD: Final = "simulated:approve"
ADDRESS: Final = {
    "name": "A. Buyer",
    "line1": "1 High Street",
    "city": "London",
    "postalCode": "N1 1AA",
    "country": "GB",
}
GUEST: Final = Actor(subject="guest-bench", roles=frozenset({"guest"}), scopes=frozenset(SCOPES["guest"]))


async def raw_run(
    url: str, place: Callable[[Any, RawOrder], Awaitable[None]], skus: Sequence[str], count: int, seed: int
) -> Run:
    """`count` orders over CONNECTIONS connections, one caller to each."""
    async with AsyncExitStack() as stack:
        callers = []
        for _ in range(CONNECTIONS):
            connection: Any = await asyncpg.connect(url)
            stack.push_async_callback(connection.close)
            callers.append(_over(connection, place))
        await drive(callers, [raw_order(basket) for basket in baskets(skus, WARM_UP, -1 - seed)])
        return await drive(callers, [raw_order(basket) for basket in baskets(skus, count, seed)])


def _over(connection: Any, place: Callable[[Any, RawOrder], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    return lambda order: place(connection, order)


async def shop_run(shop: Shop, callers: int, skus: Sequence[str], count: int, seed: int) -> Run:
    """`count` orders by so many concurrent callers, each order with an Idempotency-Key of its own."""
    place: Callable[[Any], Awaitable[Any]] = lambda asked: shop.dispatch(*asked)  # noqa: E731
    await drive([place] * callers, list(_asked(baskets(skus, WARM_UP, -1 - seed))))
    return await drive([place] * callers, list(_asked(baskets(skus, count, seed))))


def _asked(wanted: Iterator[Basket]) -> Iterator[tuple[PlaceOrder, Call]]:
    for basket in wanted:
        lines = tuple(OrderLine(sku=sku, qty=quantity) for sku, quantity in basket)
        command = PlaceOrder(items=lines, payment_method=METHOD, shipping_address=ADDRESS)
        key, trace_id = new_id().hex, new_id().hex
        yield (
            command,
            Call(actor=GUEST, correlation_id=key, trace_id=trace_id, route="POST /api/v1/orders", idempotency_key=key),
        )
