"""Who gets pieces of flash sales: decided under the sales' locks, written once it is certain that orders follow."""

from collections.abc import Sequence

from tradewind.contexts.pricing._domain.flash_sale import allot
from tradewind.contexts.pricing._store import flash_sales
from tradewind.contracts.pricing import Redemption
from tradewind.kernel.errors import Conflict
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted


async def decide(tx: Tx, wanted: Sequence[Redemption]) -> list[Conflict | None]:
    """For each order, in order of arrival: None, or why it gets no pieces. Two questions where any wants some.

    The sales are locked in the order of their ids; what a buyer has is read after that, when nobody can change it.
    """
    sales = sorted({sale_id for one in wanted for sale_id in one.sale_pieces})
    if not sales:
        return [None] * len(wanted)
    held = await flash_sales.lock(tx, sales, locking=not planted("sale_without_lock"))
    buyers = sorted({one.customer_id for one in wanted if one.sale_pieces})
    return allot(held, await flash_sales.taken(tx, sales, buyers), wanted)


def count(tx: Tx, granted: Sequence[Redemption]) -> None:
    """Those became orders: note their pieces, with the transaction's last statement."""
    flash_sales.redeem(tx, granted, guarded=not planted("sale_without_lock"))
