"""What of returns' refunds is back with their buyers, as payments tells it: a sum, so any sequence will do."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.returns._domain.returned import Return
from tradewind.contexts.returns._store import returns
from tradewind.contracts.payments import PaymentRefunded, PaymentRefundFailed, Refunding, RefundsPeer
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx


async def count(tx: Tx, events: Sequence[PaymentRefunded | PaymentRefundFailed], sign: int) -> list[Return]:
    """The returns that these refunds, or failures of refunds, are of: held, with what is back by now."""
    minors: dict[UUID, int] = {}
    for event in events:
        if event.refund_id is not None:
            so_far = minors.get(event.refund_id, 0)
            minors[event.refund_id] = so_far + sign * Money.parse(event.amount, event.currency).minor
    held = await returns.hold_refunded(tx, list(minors)) if minors else []
    return [replace(one, back=one.back + minors[one.refund_id]) for one in held if one.refund_id is not None]


async def are_back(tx: Tx, counted: Sequence[Return]) -> Mapping[UUID, bool]:
    """Of which the buyer has everything: by the refund as it stands, or as it was told where that is elsewhere."""
    if tx.peer(Refunding).away is not None:
        return {one.id: one.back >= one.amount.minor for one in counted}
    stands = await tx.peer(RefundsPeer).standing(tx, [one.refund_id for one in counted if one.refund_id])
    return {one.id: stands[one.refund_id].status == "DONE" for one in counted if one.refund_id}
