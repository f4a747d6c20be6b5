"""The raw limit: one transaction an order with the driver alone, as separate statements and as one stored function."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from tradewind.app.bench.shelves import Basket
from tradewind.kernel.ids import new_id

CONNECTIONS: Final = 16
SQL: Final = dict(
    re.findall(
        r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)",
        Path(__file__).with_suffix(".sql").read_text(),
        re.MULTILINE | re.DOTALL,
    )
)


class RawOrder(NamedTuple):
    """What the raw limit is given: everything is decided already, the event is encoded already."""

    id: UUID
    key: str
    skus: list[str]
    quantities: list[int]
    event: str


class NotTaken(Exception):  # noqa: N818 -- never happens: the shelves are full and the keys are fresh
    """The key was used before, or there was not enough."""


def raw_order(basket: Basket) -> RawOrder:
    """An order for `basket` with a fresh key."""
    order_id = new_id()
    lines = [{"sku": sku, "qty": quantity, "price": 19.99, "productId": order_id} for sku, quantity in basket]
    event = msgspec.json.encode(
        {"orderId": order_id, "userId": "customer", "totalAmount": 39.98, "currency": "EUR", "items": lines}
    )
    skus, quantities = zip(*sorted(basket), strict=True)
    return RawOrder(order_id, new_id().hex, list(skus), list(quantities), event.decode())


async def set_up(url: str, skus: Sequence[str]) -> None:
    """Make the tables in the empty database at `url` and put plenty of each SKU on the shelf."""
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(SQL["schema"])
        await connection.execute(SQL["stock_up"], list(skus))
    finally:
        await connection.close()


async def separately(connection: Any, order: RawOrder) -> None:
    """Five round trips: begin, key, stock, everything else, commit."""
    async with connection.transaction():
        if await connection.fetchrow(SQL["claim_key"], order.key, order.id) is None:
            raise NotTaken
        if len(await connection.fetch(SQL["take_stock"], order.skus, order.quantities)) < len(order.skus):
            raise NotTaken
        await connection.execute(SQL["write_order"], order.id, order.skus, order.quantities, str(order.id), order.event)


async def by_function(connection: Any, order: RawOrder) -> None:
    """One round trip."""
    if not await connection.fetchval(SQL["place"], *order):
        raise NotTaken
