"""Those who ask payments from another process, as payments holds and wakes them: by its own rows, and by an event."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tradewind.contracts.payers import KnownPayersPeer, PayerHinted


class PayersByEvents:
    """Answers to contracts.payers.PayersPeer where payments has a database of its own.

    The payer's row is held where a saga's would be: before the payment's, by whoever captures, is told, hears of a
    parcel or carries a step. So of two that race one sees what the other has decided.
    """

    async def hold(self, tx: Any, ids: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Those that have a payment, held; whether each was called off."""
        held: Mapping[UUID, bool] = await tx.peer(KnownPayersPeer).hold(tx, ids)
        return held

    async def wake(self, tx: Any, id_: UUID) -> None:
        """Told in the transaction that makes it true: whoever carries it hears of it however late, and asks."""
        tx.tell(PayerHinted(payer_id=id_))

    async def wake_waiting(self, tx: Any, ids: Sequence[UUID]) -> None:
        """The same: who is just asking, or over, is known where they are carried."""
        tx.tell(*(PayerHinted(payer_id=one) for one in ids))
