"""The read model sold: what each order is of and what that came to, by what orders told (S3-59).

Refunds of goods are priced by it where orders has another database. It is kept wherever payments is, so that a shop may
be moved apart with its history. There is no person in it: whose an order is decides nothing about its money.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from tradewind.contexts.payments._store.sold import Line
from tradewind.contracts.orders import OrderEdited, OrderPlaced
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import Told, projection

KEEP: Final = """
    INSERT INTO payments.sold AS s
        (order_id, place, edits, currency, items_minor, tax_minor, discount_minor, lines)
    SELECT order_id, place, edits::uuid[], currency, items, tax, discount, lines::jsonb
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[])
        AS u (order_id, place, edits, currency, items, tax, discount, lines)
    ON CONFLICT (order_id) DO UPDATE SET
        edits = ARRAY(SELECT DISTINCT unnest(s.edits || excluded.edits) ORDER BY 1),
        (place, items_minor, tax_minor, discount_minor, lines) = (
            SELECT place, items_minor, tax_minor, discount_minor, lines
            FROM (VALUES (s.place, s.items_minor, s.tax_minor, s.discount_minor, s.lines),
                         (excluded.place, excluded.items_minor, excluded.tax_minor, excluded.discount_minor,
                          excluded.lines)) AS v (place, items_minor, tax_minor, discount_minor, lines)
            ORDER BY place DESC LIMIT 1)
    WHERE excluded.place > s.place OR NOT excluded.edits <@ s.edits
"""
"""What comes late or twice is no newer; an edit that comes late is heard all the same."""

Said: TypeAlias = OrderPlaced | OrderEdited


@projection("payments.sold")
async def sold(events: Sequence[Told[OrderPlaced | OrderEdited]], tx: Tx) -> None:
    """One statement however many events; the newest of each order says what it is of."""
    newest: dict[UUID, Told[Said]] = {}
    edits: dict[UUID, set[UUID]] = {}
    for told in events:
        order_id = told.event.order_id
        if isinstance(told.event, OrderEdited):
            edits.setdefault(order_id, set()).add(told.event.edit_id)
        if order_id not in newest or told.position > newest[order_id].position:
            newest[order_id] = told
    said = [(told.position, told.event) for told in newest.values()]
    await tx.run(
        KEEP, list(newest), [place for place, _ in said],
        ["{" + ",".join(sorted(map(str, edits.get(order_id, ())))) + "}" for order_id in newest],
        [one.currency for _, one in said], [_items(one) for _, one in said],
        [_minor(one.tax_amount, one) for _, one in said], [_minor(one.discount_amount, one) for _, one in said],
        [_lines(one) for _, one in said],
    )  # fmt: skip


def _minor(amount: Decimal, of: Said) -> int:
    return Money.parse(amount, of.currency).minor


def _items(said: Said) -> int:
    return sum(line.qty * _minor(line.price, said) for line in said.items)


def _lines(said: Said) -> str:
    """Goods alone: they are of a product, fees are not."""
    goods = [Line(one.sku, one.qty, _minor(one.price, said)) for one in said.items if one.product_id is not None]
    return msgspec.json.encode(goods).decode()
