"""The read model sold: what each order is of and what that came to, by what orders told (S3-59).

Refunds of goods are priced by it where orders has another database. It is kept wherever payments is, so that a shop may
be moved apart with its history. There is no person in it: whose an order is decides nothing about its money.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from tradewind.contexts.payments._store.sold import Line
from tradewind.contracts.orders import OrderEdited, OrderPlaced
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import projection

KEEP: Final = """
    INSERT INTO payments.sold AS s
        (order_id, version, edits, totals, currency, items_minor, tax_minor, discount_minor, lines)
    SELECT order_id, version, edits::uuid[], totals::bigint[], currency, items, tax, discount, lines::jsonb
    FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
                $9::text[]) AS u (order_id, version, edits, totals, currency, items, tax, discount, lines)
    ON CONFLICT (order_id) DO UPDATE SET
        edits = ARRAY(SELECT DISTINCT unnest(s.edits || excluded.edits) ORDER BY 1),
        totals = ARRAY(SELECT DISTINCT unnest(s.totals || excluded.totals) ORDER BY 1),
        version = greatest(s.version, excluded.version),
        items_minor = CASE WHEN excluded.version < s.version THEN s.items_minor ELSE excluded.items_minor END,
        tax_minor = CASE WHEN excluded.version < s.version THEN s.tax_minor ELSE excluded.tax_minor END,
        discount_minor = CASE WHEN excluded.version < s.version THEN s.discount_minor ELSE excluded.discount_minor END,
        lines = CASE WHEN excluded.version < s.version THEN s.lines ELSE excluded.lines END
    WHERE excluded.version > s.version OR NOT excluded.edits <@ s.edits OR NOT excluded.totals <@ s.totals
"""
"""What comes late or twice is no newer; that it was heard is written down all the same."""
FIRST: Final = 1
"""The version that an order has when it is placed."""
UNSAID: Final = 2
"""That of edits of old logs, which do not say theirs: after the order was placed, before all edits that say it, and one
after the other as they are heard."""

_encode = msgspec.json.Encoder().encode
Said: TypeAlias = OrderPlaced | OrderEdited


@projection("payments.sold")
async def sold(events: Sequence[OrderPlaced | OrderEdited], tx: Tx) -> None:
    """One statement however many events; the newest of each order says what it is of."""
    newest: dict[UUID, Said] = {}
    edits: dict[UUID, set[UUID]] = {}
    totals: dict[UUID, set[int]] = {}
    for event in events:
        totals.setdefault(event.order_id, set()).add(_minor(event.total_amount, event))
        if isinstance(event, OrderEdited):
            edits.setdefault(event.order_id, set()).add(event.edit_id)
        if event.order_id not in newest or _version(event) >= _version(newest[event.order_id]):
            newest[event.order_id] = event
    said = list(newest.values())
    priced = [_priced(one) for one in said]
    await tx.run(
        KEEP, list(newest), [_version(one) for one in said],
        [_array(edits.get(order_id, ())) for order_id in newest], [_array(totals[order_id]) for order_id in newest],
        [one.currency for one in said], [items for items, _ in priced],
        [_minor(one.tax_amount, one) for one in said], [_minor(one.discount_amount, one) for one in said],
        [goods for _, goods in priced],
    )  # fmt: skip


def _array(values: Iterable[UUID | int]) -> str:
    return "{" + ",".join(map(str, sorted(values))) + "}"


def _version(said: Said) -> int:
    return FIRST if isinstance(said, OrderPlaced) else said.version or UNSAID


def _minor(amount: Decimal, of: Said) -> int:
    return Money.parse(amount, of.currency).minor


def _priced(said: Said) -> tuple[int, str]:
    """What all lines come to, with fees; and the goods alone: they are of a product, fees are not."""
    lines = [(one, _minor(one.price, said)) for one in said.items]
    goods = [Line(one.sku, one.qty, minor) for one, minor in lines if one.product_id is not None]
    return sum(one.qty * minor for one, minor in lines), _encode(goods).decode()
