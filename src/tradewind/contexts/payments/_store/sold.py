"""What was heard of what orders are of (payments.sold), and which edits are true whether they were heard or not."""

from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contracts.orders import BoughtLine, Sold
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted

READ: Final = """
    SELECT s.*, EXISTS (SELECT FROM payments.true_edit AS e WHERE e.order_id = $1 AND e.edit_id <> ALL(s.edits))
             OR EXISTS (SELECT FROM payments.payments AS p
                        WHERE p.order_id = $1 AND p.amount_minor <> ALL(s.totals)) AS is_behind
    FROM payments.sold AS s WHERE s.order_id = $1
"""
"""An edit that is true was not heard; or one from before anything was paid, so that what was paid is news."""
MADE_TRUE: Final = "INSERT INTO payments.true_edit (edit_id, order_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"


class Line(Struct, frozen=True, array_like=True):
    """So many pieces of a product, each at so many minor units."""

    sku: str
    pieces: int
    minor: int


class Heard:
    """Answers to HeardPeer."""

    async def sold(self, tx: Any, order_id: UUID) -> Sold | None:
        """None before the order was heard, and while it is known that an edit of it was not heard yet."""
        row = await tx.row(READ, order_id)
        if row is None or (row["is_behind"] and not planted("unheard_edits_are_nothing")):
            return None
        currency = row["currency"]
        lines = msgspec.json.decode(row["lines"], type=tuple[Line, ...])
        return Sold(
            lines=tuple(
                BoughtLine(sku=one.sku, product_id=None, quantity=one.pieces, unit_price=Money(one.minor, currency))
                for one in lines
            ),
            items=Money(row["items_minor"], currency),
            tax=Money(row["tax_minor"], currency),
            discount=Money(row["discount_minor"], currency),
        )


async def made_true(tx: Tx, order_id: UUID, edit_id: UUID) -> None:
    """The order is of other goods from now on: what was heard before is not the last word."""
    await tx.run(MADE_TRUE, edit_id, order_id)
