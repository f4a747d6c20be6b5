"""Many prices succeed many others in four statements, however many there are: for feeds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from tradewind.contexts.pricing._domain.price import Current, begins, changed, check
from tradewind.contexts.pricing._store import prices, told
from tradewind.contexts.pricing._store.layers import ABOVE_LIST, LAYERS
from tradewind.contracts.pricing import NewPrice
from tradewind.kernel import clock
from tradewind.runtime.database import Tx

HOLD_FIRSTS: Final = """
    SELECT id FROM pricing.product_price_history WHERE product_id = ANY($1::uuid[]) AND follows IS NULL
    ORDER BY product_id FOR NO KEY UPDATE
"""
CURRENTS: Final = f"""
    SELECT p.id, p.sku, p.product_id, p.amount_minor, p.currency, p.valid_from, {ABOVE_LIST} IS NOT NULL AS covered
    FROM pricing.product_price_history AS p
    {LAYERS}
    WHERE p.product_id = ANY($2::uuid[]) AND p.valid_to IS NULL
"""  # noqa: S608 -- the pieces are constants
CLOSE_MANY: Final = """
    UPDATE pricing.product_price_history AS h SET valid_to = u.since
    FROM unnest($1::bigint[], $2::timestamptz[]) AS u (id, since) WHERE h.id = u.id
"""
OPEN_MANY: Final = """
    INSERT INTO pricing.product_price_history
        (sku, product_id, amount_minor, currency, valid_from, follows, reason, changed_by)
    SELECT u.sku, u.product_id, u.minor, u.currency, u.since, u.follows, $7, $8
    FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[])
        AS u (sku, product_id, minor, currency, since, follows)
"""


class _Opened(NamedTuple):
    sku: str
    product_id: UUID
    minor: int
    currency: str
    since: Any
    follows: Any


async def set_prices(tx: Tx, wanted: Sequence[NewPrice], *, reason: str) -> frozenset[UUID]:
    """Make these the prices that count from now on, each product once; whose price that was not already.

    Refuses with InvalidPrice. Tells ProductPriceChanged for each.
    """
    for one in wanted:
        check(one.price, reason)
    counting = await _held(tx, [one.product_id for one in wanted])
    now = clock.now()
    opened, ended, heard = [], [], []
    for one in wanted:
        current = counting.get(one.product_id)
        if current is not None and current.price == one.price:
            continue
        since = begins(current, None, now)
        if current is not None:
            ended.append((current.id, since))
        follows = None if current is None else since
        opened.append(_Opened(one.sku, one.product_id, one.price.minor, one.price.currency, since, follows))
        if current is None or current.is_heard(one.price):
            heard.append((one.sku, one.product_id, one.price))
            tx.tell(changed(one.product_id, one.sku, one.price, since, current))
    if ended:
        await tx.run(CLOSE_MANY, *map(list, zip(*ended, strict=True)))
    if opened:
        told.look_again_if_in_a_book(tx, [one.sku for one in opened])
        tx.later(OPEN_MANY, *map(list, zip(*opened, strict=True)), reason, tx.call.actor.subject)
    if heard:
        told.note(tx, heard, now)
    return frozenset(one.product_id for one in opened)


async def _held(tx: Tx, product_ids: Sequence[UUID]) -> Mapping[UUID, Current]:
    """The prices that count now, by product; nobody else changes them until the transaction ends."""
    await tx.run(HOLD_FIRSTS, product_ids)
    rows = await tx.all(CURRENTS, clock.now(), product_ids)
    return {row["product_id"]: prices.current(row) for row in rows}
