"""What orders hold of a person: where goods went, by which address it was confirmed, how it was paid, what was said."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tradewind.contexts.orders._domain.order import Status
from tradewind.contracts.payments import RefundsPeer
from tradewind.contracts.privacy import OrdersUnderWay, Person, Persons, Pseudonyms
from tradewind.contracts.shipping import ShippingPeer
from tradewind.runtime.database import Tx

OVER: Final = (Status.FULFILLED.value, Status.CANCELED.value, Status.FAILED.value)
MAX_NAMED: Final = 20
"""Orders under way that a refusal names at most."""
OF: Final = "SELECT id FROM orders.orders WHERE user_id = $1 OR email_digest = ANY($2::text[]) ORDER BY id"
HOLD: Final = """
    SELECT id, status FROM orders.orders WHERE user_id = $1 OR email_digest = ANY($2::text[]) ORDER BY id FOR UPDATE
"""
ALL: Final = """
    SELECT o.id, o.status, o.placed_at, o.currency, o.items_minor, o.shipping_minor, o.tax_minor, o.discount_minor,
           o.total_minor, o.payment_method, o.shipping_method, o.email, o.shipping_address::text AS shipping_address,
           o.why, w.words
    FROM orders.orders AS o LEFT JOIN orders.cancel_words AS w ON w.order_id = o.id
    WHERE o.id = ANY($1::uuid[]) ORDER BY o.placed_at, o.id
"""
LINES: Final = """
    SELECT order_id, sku, quantity, unit_price_minor FROM orders.order_items
    WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, line
"""
EDITS: Final = """
    SELECT order_id, status, payment_method, shipping_address::text AS shipping_address, created_at FROM orders.edit
    WHERE order_id = ANY($1::uuid[]) ORDER BY created_at
"""
FORGET: Final = """
    UPDATE orders.orders SET email = NULL, email_digest = NULL, payment_method = NULL,
        shipping_address = CASE WHEN shipping_address IS NOT NULL
            THEN jsonb_strip_nulls(jsonb_build_object('country', shipping_address -> 'country')) END
    WHERE id = ANY($1::uuid[])
"""
FORGET_WORDS: Final = "DELETE FROM orders.cancel_words WHERE order_id = ANY($1::uuid[])"


FORGET_EDITS: Final = """
    UPDATE orders.edit SET payment_method = NULL, shipping_address = NULL WHERE order_id = ANY($1::uuid[])
"""


class OrderData:
    """Answers to PersonalData and to OrdersOfPeer.

    Amounts, lines, times and the country stay in the books, under the id of an account that is gone.
    """

    async def order_ids(self, tx: Tx, person: Person) -> Sequence[UUID]:
        """Every order of the account, and every guest's order that was confirmed to an address they proved."""
        return [row["id"] for row in await tx.all(OF, person.user_id, _digests(tx, person))]

    async def lost(self, tx: Tx, person: Person) -> Sequence[UUID]:
        """Those whose parcel is lost: they hold nobody up once everything is paid back."""
        orders = await self.order_ids(tx, person)
        return sorted(await tx.peer(ShippingPeer).lost(tx, orders)) if orders else ()

    async def export(self, tx: Tx, person: Person) -> Mapping[str, Any]:
        """Orders with their lines; amounts in minor units."""
        orders = await self.order_ids(tx, person)
        lines: dict[UUID, list[dict[str, Any]]] = {order: [] for order in orders}
        for row in await tx.all(LINES, orders):
            line = dict(row)
            lines[line.pop("order_id")].append(line)
        edits = [_addressed(row) for row in await tx.all(EDITS, orders)]
        return {"orders": [_told(row, lines[row["id"]]) for row in await tx.all(ALL, orders)], "edits": edits}

    async def erase(self, tx: Tx, person: Person) -> None:
        """Forget who it was. Refuses (OrdersUnderWay) while the goods still have to find them."""
        held = await tx.all(HOLD, person.user_id, _digests(tx, person))
        if under_way := await _under_way(tx, person, [row["id"] for row in held if row["status"] not in OVER]):
            raise OrdersUnderWay(orders=[str(order_id) for order_id in under_way[:MAX_NAMED]])
        orders = [row["id"] for row in held]
        # Whoever keeps something by an order's id found it by these digests before: orders is wired after them.
        await tx.run(FORGET, orders)
        await tx.run(FORGET_WORDS, orders)
        await tx.run(FORGET_EDITS, orders)


async def _under_way(tx: Tx, person: Person, orders: Sequence[UUID]) -> list[UUID]:
    """Those whose goods still have to find them: not those whose parcel is lost and that are paid back.

    Where payments is in another process, what it said of that goes with the person.
    """
    if not orders:
        return []
    lost = await tx.peer(ShippingPeer).lost(tx, orders)
    elsewhere = tx.peer(Persons).away is not None
    paid_back = person.paid_back if elsewhere else await tx.peer(RefundsPeer).given_back(tx, orders)
    written_off = lost & paid_back
    return [order_id for order_id in orders if order_id not in written_off]


def _digests(tx: Tx, person: Person) -> list[str]:
    return [tx.peer(Pseudonyms).of(email) for email in person.emails]


def _told(row: Any, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {**_addressed(row), "lines": lines}


def _addressed(row: Any) -> dict[str, Any]:
    address = row["shipping_address"]
    return {**row, "shipping_address": msgspec.Raw(address.encode()) if address else None}
