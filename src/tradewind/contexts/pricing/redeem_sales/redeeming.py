"""How an order takes pieces of flash sales inside the placing transaction, after its coupons."""

from collections.abc import Sequence

from tradewind.contracts.pricing import Redemption
from tradewind.kernel.errors import Conflict
from tradewind.runtime.database import Tx


async def decide(tx: Tx, wanted: Sequence[Redemption]) -> list[Conflict | None]:
    """Who gets their pieces, in order of arrival; the others' refusals."""
    return [None] * len(wanted)


def count(tx: Tx, granted: Sequence[Redemption]) -> None:
    """Those became orders: count their pieces with the transaction's last statement."""
