"""What placing an order may ask of carts."""

from collections.abc import Sequence
from typing import Any

from tradewind.contexts.carts.check_out.agree import agree, complete
from tradewind.contracts.carts import Agreed, Checkout
from tradewind.kernel.errors import Refusal


class Carts:
    """Answers to CartsPeer."""

    async def agree(self, tx: Any, checkouts: Sequence[Checkout]) -> Sequence[Agreed | Refusal]:
        """What each token stands for, its cart locked (in id order) until the end; one question, nothing is written."""
        return await agree(tx, checkouts)

    def complete(self, tx: Any, agreed: Sequence[Agreed]) -> None:
        """Those became orders: close their carts and tell it, with the transaction's last statement."""
        complete(tx, agreed)
