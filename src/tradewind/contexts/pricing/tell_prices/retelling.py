"""Compare the general price with what was told last, and tell the difference.

The general price is what one piece usually costs somebody of no customer group, in the currency of the list price. A
flash sale is not usual: it is told by events of its own.
"""

from collections.abc import Sequence

from tradewind.contexts.pricing._store import told
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.kernel import clock
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx


async def retell(tx: Tx, skus: Sequence[str]) -> int:
    """Tell ProductPriceChanged for each of `skus` whose general price is not what was told; how many were.

    What changed it must have been written by an earlier statement of this transaction or of another one.
    """
    now = clock.now()
    changes = []
    for row in await told.untold(tx, skus, now):
        price = Money(row["amount_minor"], row["currency"])
        known = row["told_minor"] is not None and row["told_currency"] == price.currency
        changes.append((row["sku"], row["product_id"], price))
        tx.tell(
            ProductPriceChanged(
                product_id=row["product_id"],
                sku=row["sku"],
                amount=price.amount,
                currency=price.currency,
                valid_from=now,
                previous_amount=Money(row["told_minor"], price.currency).amount if known else None,
            )
        )
    if changes:
        told.note(tx, changes, now)
    return len(changes)
