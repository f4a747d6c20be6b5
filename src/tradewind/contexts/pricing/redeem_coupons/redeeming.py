"""How an order takes uses of coupons in the placing transaction: decided first, counted when the order is certain."""

from collections.abc import Sequence

from tradewind.contexts.pricing._domain import redemptions as domain
from tradewind.contexts.pricing._store import redemptions
from tradewind.contracts.pricing import Redemption
from tradewind.kernel.errors import Conflict
from tradewind.runtime.database import Tx


async def decide(tx: Tx, wanted: Sequence[Redemption]) -> list[Conflict | None]:
    """Who gets their coupons, in order of arrival; CouponSpent for the others. Who has none is asked nothing."""
    codes = sorted({code for one in wanted for code in one.coupons})
    if not codes:
        return [None] * len(wanted)
    limits = await redemptions.hold(tx, codes)
    taken = await redemptions.taken(tx, sorted({one.customer_id for one in wanted}), limits)
    return domain.decide(wanted, limits, taken)


def count(tx: Tx, granted: Sequence[Redemption]) -> None:
    """Those became orders: write their uses with the transaction's last statement."""
    redemptions.add(tx, granted)
