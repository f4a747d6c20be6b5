"""The order's SQL: many orders at once, each statement a constant."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tradewind.contexts.orders._domain.order import Line, Order, Status
from tradewind.contracts.messages import Event
from tradewind.kernel.errors import NotFound
from tradewind.kernel.money import Money
from tradewind.runtime.call import Call
from tradewind.runtime.database import Tx

INSERT_ORDERS: Final = """
    INSERT INTO orders.orders (id, user_id, status, version, currency, items_minor, shipping_minor, tax_minor,
                               discount_minor, total_minor, payment_method, shipping_address, placed_at,
                               shipping_method, email, email_digest, guest, capture_by_hand)
    SELECT * FROM unnest($1::orders.new_order[])
"""
INSERT_ITEMS: Final = """
    INSERT INTO orders.order_items (order_id, line, kind, sku, product_id, quantity, unit_price_minor)
    SELECT * FROM unnest($1::orders.new_item[])
"""
INSERT_HISTORY: Final = """
    INSERT INTO orders.order_status_history (order_id, version, status, event, why)
    SELECT * FROM unnest($1::orders.new_step[])
"""
MOVE: Final = """
    UPDATE orders.orders AS o SET status = u.status, version = u.version, why = u.why
    FROM unnest($1::orders.moved_order[]) AS u WHERE o.id = u.id AND o.version < u.version
"""
LOCK: Final = "SELECT * FROM orders.orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
READ: Final = "SELECT * FROM orders.orders WHERE id = $1"
METHODS: Final = "SELECT id, payment_method FROM orders.orders WHERE id = ANY($1::uuid[])"
USERS: Final = "SELECT id, user_id FROM orders.orders WHERE id = ANY($1::uuid[])"
ITEMS: Final = "SELECT * FROM orders.order_items WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, line"
HISTORY: Final = "SELECT status, event, why, at FROM orders.order_status_history WHERE order_id = $1 ORDER BY version"
REWRITE: Final = """
    UPDATE orders.orders SET items_minor = $2, shipping_minor = $3, tax_minor = $4, discount_minor = $5,
        total_minor = $6, shipping_address = $7::jsonb
    WHERE id = $1
"""
DROP_ITEMS: Final = "DELETE FROM orders.order_items WHERE order_id = $1"
SET_METHOD: Final = "UPDATE orders.orders SET payment_method = $2 WHERE id = $1"


class NoSuchOrder(NotFound):
    """There is no such order."""


def insert(tx: Tx, placed: Sequence[tuple[Order, Sequence[tuple[Order, Event]]]]) -> None:
    """Write new orders with their lines; of each, the order as it ends up and the steps that led there."""
    tx.later(INSERT_ORDERS, [_order_row(order) for order, _ in placed])
    tx.later(INSERT_ITEMS, [row for order, _ in placed for row in _item_rows(order)])
    _note(tx, [step for _, steps in placed for step in steps])


async def rewrite(tx: Tx, order: Order) -> None:
    """Write what a locked order is of now, and where it goes; `move` writes where it stands."""
    goods, shipping, tax, discount = (
        order.items_total.minor,
        order.shipping.minor,
        order.tax.minor,
        order.discount.minor,
    )
    total, address = order.total.minor, _json(order.shipping_address)
    await tx.run(REWRITE, order.id, goods, shipping, tax, discount, total, address)
    await tx.run(DROP_ITEMS, order.id)
    tx.later(INSERT_ITEMS, _item_rows(order))


def _item_rows(order: Order) -> list[tuple[Any, ...]]:
    return [(order.id, number, one.kind, one.sku, one.product_id, one.quantity, one.unit_price.minor)
            for number, one in enumerate(order.lines, 1)]  # fmt: skip


def _order_row(o: Order) -> tuple[Any, ...]:
    goods, shipping, tax, discount = o.items_total.minor, o.shipping.minor, o.tax.minor, o.discount.minor
    return (o.id, o.user_id, o.status.value, o.version, o.currency, goods, shipping, tax, discount,
            goods + shipping + tax - discount, o.payment_method, _json(o.shipping_address), o.placed_at,
            o.shipping_method, o.email, o.email_digest, o.guest, o.capture_by_hand)  # fmt: skip


def move(tx: Tx, moves: Sequence[tuple[Order, Event]], calls: Mapping[UUID, Call]) -> None:
    """Write where locked orders stand now, in the order in which it came about, and tell the events that moved them."""
    if not moves:
        return
    last = {order.id: order for order, _ in moves}.values()
    tx.later(MOVE, [(o.id, o.status.value, o.version, o.why) for o in last])
    _note(tx, moves)
    for order, event in moves:
        tx.tell(event, call=calls.get(order.id))


def _note(tx: Tx, steps: Sequence[tuple[Order, Event]]) -> None:
    rows = [(order.id, order.version, order.status.value, event.TYPE, order.why) for order, event in steps]
    tx.later(INSERT_HISTORY, rows)


async def lock(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Order]:
    """The orders of `ids` that exist, locked until the end of the transaction."""
    rows = await tx.all(LOCK, list(ids))
    items: dict[UUID, list[Any]] = {row["id"]: [] for row in rows}
    for item in await tx.all(ITEMS, list(items)):
        items[item["order_id"]].append(item)
    return {row["id"]: order_of(row, items[row["id"]]) for row in rows}


async def users(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Whose orders these are."""
    return {row["id"]: row["user_id"] for row in await tx.all(USERS, list(ids))}


async def methods(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, str | None]:
    """What pays for each of these orders; None where nothing does yet."""
    return {row["id"]: row["payment_method"] for row in await tx.all(METHODS, list(ids))}


async def lock_one(tx: Tx, order_id: UUID) -> Order:
    """The order, locked; refuses with NoSuchOrder."""
    found = await lock(tx, [order_id])
    if order_id not in found:
        raise NoSuchOrder(orderId=str(order_id))
    return found[order_id]


async def read(tx: Tx, order_id: UUID) -> Order:
    """The order as it stands, not locked; refuses with NoSuchOrder."""
    row = await tx.row(READ, order_id)
    if row is None:
        raise NoSuchOrder(orderId=str(order_id))
    return order_of(row, await tx.all(ITEMS, [order_id]))


def order_of(row: Any, items: Sequence[Any]) -> Order:
    """The order that a row and its lines hold."""
    currency = row["currency"]
    address = row["shipping_address"]
    return Order(
        id=row["id"],
        user_id=row["user_id"],
        lines=tuple(_line(item, currency) for item in items),
        shipping=Money(row["shipping_minor"], currency),
        tax=Money(row["tax_minor"], currency),
        discount=Money(row["discount_minor"], currency),
        placed_at=row["placed_at"],
        payment_method=row["payment_method"],
        shipping_address=msgspec.json.decode(address) if address else None,
        shipping_method=row["shipping_method"],
        email=row["email"],
        email_digest=row["email_digest"],
        guest=row["guest"],
        capture_by_hand=row["capture_by_hand"],
        status=Status(row["status"]),
        version=row["version"],
        why=row["why"],
    )


def _line(item: Any, currency: str) -> Line:
    return Line(
        sku=item["sku"],
        product_id=item["product_id"],
        quantity=item["quantity"],
        unit_price=Money(item["unit_price_minor"], currency),
        kind=item["kind"],
    )


def _json(address: dict[str, str] | None) -> str | None:
    return None if address is None else msgspec.json.encode(address).decode()
