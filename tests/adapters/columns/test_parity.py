"""The same events make the same rows on every engine, and the same as plain SQL over the log finds."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from tests.adapters.columns.conftest import Counted
from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call, until
from tradewind.contexts.analytics.manifest import rebuild_columns
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contexts.payments.manifest import RefundPayment
from tradewind.contracts.privacy import Pseudonyms

ROWS: Final = {
    "fact_orders": (
        "SELECT revision, order_id, version, valid_from, currency, pieces, total_minor FROM fact_orders",
        """SELECT event_id, (payload->>'orderId')::uuid, position, (payload->>'placedAt')::timestamptz,
                  payload->>'currency',
                  (SELECT sum((i->>'qty')::int) FROM jsonb_array_elements(payload->'items') AS i),
                  (payload->>'totalAmount')::numeric * 100
           FROM runtime.outbox WHERE type = 'ecommerce.order.order.created.v1'""",
    ),
    "fact_order_lines": (
        "SELECT revision, line_number, order_id, product_id, sku, quantity, unit_price_minor FROM fact_order_lines",
        """SELECT event_id, n - 1, (payload->>'orderId')::uuid, (i->>'productId')::uuid, i->>'sku', (i->>'qty')::int,
                  (i->>'price')::numeric * 100
           FROM runtime.outbox, jsonb_array_elements(payload->'items') WITH ORDINALITY AS e (i, n)
           WHERE type = 'ecommerce.order.order.created.v1'""",
    ),
    "fact_order_steps": (
        "SELECT event_id, order_id, step, told_at, total_minor, currency FROM fact_order_steps",
        """SELECT event_id, (payload->>'orderId')::uuid, s.step, occurred_at,
                  coalesce((payload->>'totalAmount')::numeric * 100, 0), coalesce(payload->>'currency', '')
           FROM runtime.outbox JOIN (VALUES
               ('ecommerce.order.order.confirmed.v1', 'CONFIRMED'), ('ecommerce.order.order.paid.v1', 'PAID'),
               ('ecommerce.order.order.canceled.v1', 'CANCELED'),
               ('ecommerce.order.order.failed.v1', 'FAILED'), ('ecommerce.order.order.fulfilled.v1', 'FULFILLED'),
               ('ecommerce.shipping.shipment.delivered.v1', 'DELIVERED')) AS s (type, step) USING (type)""",
    ),
    "fact_payments": (
        "SELECT event_id, order_id, movement, told_at, amount_minor, currency FROM fact_payments",
        """SELECT event_id, (payload->>'orderId')::uuid, upper(split_part(type, '.', 4)), occurred_at,
                  (payload->>'amount')::numeric * 100, payload->>'currency'
           FROM runtime.outbox
           WHERE type IN ('ecommerce.payment.payment.captured.v1', 'ecommerce.payment.payment.refunded.v1')""",
    ),
    "fact_inventory_adjustments": (
        "SELECT event_id, product_id, sku, warehouse, quantity, reason, told_at FROM fact_inventory_adjustments",
        """SELECT event_id, (payload->>'productId')::uuid, payload->>'sku', coalesce(payload->>'warehouse', 'MAIN'),
                  (payload->>'delta')::int, payload->>'reason', occurred_at
           FROM runtime.outbox WHERE type = 'ecommerce.inventory.stock.adjusted.v1'""",
    ),
    "dim_product": (
        "SELECT event_id, product_id, version, valid_from, sku, name, category, status FROM dim_product",
        """SELECT event_id, (payload->>'productId')::uuid, position, occurred_at, payload->>'sku', payload->>'name',
                  payload->>'category', coalesce(payload->>'status', 'ACTIVE')
           FROM runtime.outbox
           WHERE type IN ('ecommerce.product.product.created.v1', 'ecommerce.product.product.updated.v1')""",
    ),
}
"""Each table by its own engine, and by Postgres out of the log. All amounts are in euros."""


def checksum(rows: Sequence[Any]) -> tuple[int, str]:
    """How many rows there are, and what they say, whatever their order."""
    lines = sorted("|".join(map(_plain, row)) for row in rows)
    return len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _plain(value: Any) -> str:
    match value:
        case datetime():
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
        case UUID() | str():
            return str(value)
        case None:
            return "-"
        case _:
            return str(int(Decimal(value)))


async def test_rows_and_checksums_are_those_of_plain_sql_over_the_log(working_shop: Shop, columns: Counted) -> None:
    sku = await a_product(working_shop, "LAMP", stock=50)
    ended = [await an_ended_order(working_shop, sku, qty=qty) for qty in (1, 2, 3)]
    await an_ended_order(working_shop, sku, method="simulated:decline")
    waiting = PlaceOrder(items=(OrderLine(sku=sku, qty=1),), shipping_address={"country": "DE"})
    placed = await working_shop.dispatch(waiting, a_call("admin"))
    await working_shop.dispatch(CancelOrder(order_id=placed.id, reason="no"), a_call("admin"))
    refund = RefundPayment(order_id=ended[0], amount=Decimal("1.01"), reason="a scratch")
    await working_shop.dispatch(refund, a_call("admin"))
    told = "SELECT EXISTS (SELECT FROM runtime.outbox WHERE type = 'ecommerce.payment.payment.refunded.v1')"
    await until(working_shop, lambda: working_shop.db.pool.fetchval(told))

    pseudonyms: Any = working_shop.db.peers[Pseudonyms]
    assert await rebuild_columns([working_shop.db], columns, pseudonyms) > 0
    await rebuild_columns([working_shop.db], columns, pseudonyms)
    found, books = {}, {}
    for table, (theirs, ours) in ROWS.items():
        found[table] = checksum(await columns.ask(theirs))
        books[table] = checksum([tuple(row) for row in await working_shop.db.pool.fetch(ours)])
    assert found == books
    assert all(many > 0 for many, _ in found.values())
