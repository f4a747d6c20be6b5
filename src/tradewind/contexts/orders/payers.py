"""The sagas of orders that ask payments for money, as payments may speak of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.orders.edit_order.apart import EDIT_APART
from tradewind.contexts.orders.edit_order.elsewhere import EDIT_ELSEWHERE
from tradewind.contexts.orders.edit_order.saga import EDIT_ORDER
from tradewind.contexts.orders.place_order.waiting import PLACING
from tradewind.runtime.saga import signals

EDITING: Final = (EDIT_ORDER, EDIT_ELSEWHERE, EDIT_APART)
"""Those that carry edits: each has its edit's id."""
PAYING: Final = (*PLACING, *EDITING)


class Payers:
    """Answers to contracts.payers.PayersPeer."""

    async def hold(self, tx: Any, ids: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Those that there are, held; whether each is being undone."""
        return {id_: row["undoing"] for id_, row in (await signals.hold(tx, PAYING, ids)).items()}

    async def wake(self, tx: Any, id_: UUID) -> None:
        """Have it look at once."""
        await signals.wake(tx, PAYING, id_)

    async def wake_waiting(self, tx: Any, ids: Sequence[UUID]) -> None:
        """Have those look that wait."""
        await signals.wake_waiting(tx, PAYING, ids)
