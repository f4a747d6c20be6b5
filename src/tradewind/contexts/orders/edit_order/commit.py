"""Make an edit true: goods, lines, address and the refund of what is cheaper, all in one transaction."""

from typing import Final
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.orders._domain import edit as edits
from tradewind.contexts.orders._domain.edit import Edit, NotEditable
from tradewind.contexts.orders._domain.order import Order
from tradewind.contexts.orders._store import orders
from tradewind.contracts.inventory import Amendment, InventoryPeer
from tradewind.contracts.payments import RefundsPeer
from tradewind.contracts.shipping import ShippingPeer
from tradewind.kernel.errors import Refusal
from tradewind.kernel.money import Money
from tradewind.runtime.call import Call
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted

REASON: Final = "the order was edited"


async def commit(tx: Tx, order: Order, edit: Edit, call: Call, *, goods: bool = True) -> Refusal | None:
    """None once it is done, or why nothing was; the caller holds the order and has seen that it may be changed.

    Without `goods`: inventory is asked to move them afterwards.
    """
    if edit.shipping_address is not None:
        why = await tx.peer(ShippingPeer).redirect(tx, order.id, edit.shipping_address)
        if why is not None:
            return NotEditable(f"{why[0].upper()}{why[1:]}.", status=order.status.value)
    more, less = edits.changes(order, edit.lines)
    if goods and (more or less):
        refusal = await tx.peer(InventoryPeer).amend(tx, Amendment(order.id, edit.id, more, less))
        if refusal is not None:
            return refusal
    wanted = replace(order, lines=edit.lines, shipping=edit.shipping, tax=edit.tax, discount=edit.discount)
    event = order.edit(edit.id, wanted, address_changed=edit.shipping_address is not None)
    address = edit.shipping_address or order.shipping_address
    after = replace(order.after(event), shipping_address=address)
    await orders.rewrite(tx, after)
    orders.move(tx, [(after, event)], {order.id: call})
    return None


async def give_back(tx: Tx, edit: Edit, refund_id: UUID) -> bool:
    """Claim what the order costs less; whether all of it could be claimed."""
    owed = Money(-edit.difference.minor, edit.difference.currency)
    if planted("edit_without_refund"):
        return True
    claimed = await tx.peer(RefundsPeer).refund_amount(tx, edit.order_id, refund_id, owed, REASON)
    return claimed.amount == owed
