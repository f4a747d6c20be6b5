"""What placing an order may ask of carts."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tradewind.contexts.carts._store import carts
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

    async def owners(self, tx: Any, cart_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Whose each cart is that is still open."""
        return {row["id"]: row["owner"] for row in await tx.all(carts.OWNERS, list(cart_ids))}
