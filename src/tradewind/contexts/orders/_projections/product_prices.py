"""The read model product_price (S3-18): what each product costs by now, beside orders that keep the price they had."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.orders._domain.order import Order
from tradewind.contracts.orders import KeptPrice
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import Told, projection

SET: Final = """
    INSERT INTO orders.product_price AS p (product_id, amount_minor, currency, changed_at, place)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[], $5::bigint[])
    ON CONFLICT (product_id) DO UPDATE SET
        amount_minor = excluded.amount_minor, currency = excluded.currency, changed_at = excluded.changed_at,
        place = excluded.place
    WHERE p.place < excluded.place
"""
CHANGED: Final = """
    SELECT product_id, amount_minor, changed_at FROM orders.product_price
    WHERE product_id = ANY($1::uuid[]) AND currency = $2 AND changed_at > $3
"""


@projection("orders.product_price")
async def product_prices(events: Sequence[Told[ProductPriceChanged]], tx: Tx) -> None:
    """One statement however many events. Of a product the word that stands last in the log counts."""
    last: dict[UUID, Told[ProductPriceChanged]] = {}
    for one in events:
        known = last.get(one.event.product_id)
        if known is None or known.position < one.position:
            last[one.event.product_id] = one
    prices = [Money.parse(one.event.amount, one.event.currency) for one in last.values()]
    await tx.run(
        SET, list(last), [one.minor for one in prices], [one.currency for one in prices],
        [one.told_at for one in last.values()], [one.position for one in last.values()],
    )  # fmt: skip


async def kept(tx: Tx, order: Order) -> tuple[KeptPrice, ...] | None:
    """The prices of its goods that have changed since it was placed; None where none has."""
    products = list({line.product_id for line in order.lines if line.product_id is not None})
    rows = await tx.all(CHANGED, products, order.currency, order.placed_at) if products else ()
    now: Mapping[Any, Any] = {row["product_id"]: row for row in rows}
    found = tuple(
        KeptPrice(
            sku=line.sku,
            price=line.unit_price.amount,
            price_now=Money(now[line.product_id]["amount_minor"], order.currency).amount,
            changed_at=now[line.product_id]["changed_at"],
        )
        for line in order.lines
        if line.product_id in now and now[line.product_id]["amount_minor"] != line.unit_price.minor
    )
    return found or None
