"""Refunds that are claimed before it is certain that they are owed: held for an edit, then sent or let go.

The edit has the order's money to itself meanwhile, also where it gives nothing back. Whatever is asked twice is
answered again; what is let go before it was held is never held.
"""

from typing import Final
from uuid import UUID

from tradewind.contexts.payments._store import payers, sold
from tradewind.contexts.payments.refund_payment import sources
from tradewind.contexts.payments.refund_payment.claim import BESIDES
from tradewind.contexts.payments.refund_payment.command import REFUND_PAYMENT
from tradewind.contracts.payments import Claimed, RefundHold
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.saga import store as sagas

HOLD: Final = """
    INSERT INTO payments.held_refund (refund_id, order_id, edit_id) VALUES ($1, $2, $3)
    ON CONFLICT (order_id) DO NOTHING
"""
IS_HELD: Final = "SELECT EXISTS (SELECT FROM payments.held_refund WHERE refund_id = $1)"
END: Final = "DELETE FROM payments.held_refund WHERE refund_id = $1 RETURNING order_id, edit_id"
OPEN: Final = """
    SELECT id FROM payments.refund WHERE (id = $1 OR part_of = $1) AND status = 'PENDING' ORDER BY id FOR UPDATE
"""
LET_GO: Final = """
    UPDATE payments.refund SET status = 'REFUSED', why = 'let go' WHERE id = ANY($1::uuid[]) AND status = 'PENDING'
"""


async def hold(tx: Tx, wish: RefundHold) -> Claimed:
    """PENDING while it is held, or sent; REFUSED for good where others claim of the order, or less is left."""
    let_go = await payers.hold(tx, wish.refund_id)
    purse = await sources.hold(tx, wish.order_id)
    if known := (await sources.standing(tx, [wish.refund_id])).get(wish.refund_id):
        return known
    if let_go and not planted("let_go_is_forgotten"):
        return Claimed(wish.amount, "REFUSED")
    if await tx.value(IS_HELD, wish.refund_id):
        return Claimed(wish.amount, "PENDING")
    ids = [one.order_id for one in purse.payments]
    others = await tx.value(BESIDES, ids, list(wish.besides))
    if others or purse.free.minor < wish.amount.minor or not await _held(tx, wish):
        await payers.hold(tx, wish.refund_id, calls_off=True)
        return Claimed(wish.amount, "REFUSED")
    if taken := purse.take(wish.amount.minor):
        await sources.claim(tx, taken, wish.refund_id, wish.reason)
    return Claimed(wish.amount, "PENDING")


async def _held(tx: Tx, wish: RefundHold) -> bool:
    return bool(await tx.run(HOLD, wish.refund_id, wish.order_id, wish.edit_id))


async def send(tx: Tx, refund_id: UUID) -> Claimed | None:
    """Have what is held carried to the cards that it came from; where it stands. None where nothing goes back.

    It is never held again: a question to hold it that comes late finds it, or that it was called off. The edit is true
    by now, so goods are not given back before it was heard.
    """
    await payers.hold(tx, refund_id, calls_off=True)
    if held := await tx.row(END, refund_id):
        if held["edit_id"]:
            await sold.made_true(tx, held["order_id"], held["edit_id"])
        ids = [row["id"] for row in await tx.all(OPEN, refund_id)]
        sagas.begin(tx, REFUND_PAYMENT, ids, [tx.call] * len(ids))
    return (await sources.standing(tx, [refund_id])).get(refund_id)


async def let_go(tx: Tx, refund_id: UUID) -> None:
    """What is held is free again, and never held whatever comes late. What was sent is not touched."""
    await payers.hold(tx, refund_id, calls_off=True)
    if await tx.row(END, refund_id):
        await tx.run(LET_GO, [row["id"] for row in await tx.all(OPEN, refund_id)])
