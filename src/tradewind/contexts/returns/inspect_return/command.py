"""Look at what came back: goods go on the shelf and money is claimed in the transaction that says so.

Where payments is asked in another process, a saga claims the money, and what goes back is told once that is known; an
order that goes out in exchange waits until then.
"""

from uuid import UUID

from tradewind.contexts.returns._domain.returned import Line, Return, accepted, exchanged
from tradewind.contexts.returns._domain.views import ReturnView, view
from tradewind.contexts.returns._store import returns
from tradewind.contexts.returns.inspect_return import elsewhere
from tradewind.contexts.returns.inspect_return.elsewhere import REASON
from tradewind.contracts.inventory import Delivery, InventoryPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import Bought, OrdersPeer, Replacement
from tradewind.contracts.payments import Instead, Refunding, RefundsPeer
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.handlers import handler


class InspectReturn(Command, frozen=True):
    """What became of each piece; every SKU of the return is named once."""

    return_id: UUID
    lines: tuple[Line, ...]


@handler(action="returns.handle")
async def inspect_return(command: InspectReturn, tx: Tx) -> ReturnView:
    """Refuses with NoSuchReturn, UnfitInspection, or IllegalMove unless the parcel was just received.

    WarehouseClosed where something shall go on a shelf of one that was closed since: it has to be opened again.
    """
    inspected = (await returns.hold(tx, command.return_id)).inspect(command.lines)
    bought = await tx.peer(OrdersPeer).bought(tx, inspected.order_id, hold=True)
    assert bought is not None, "a return is of an order that there is, and orders are never deleted"
    await _restock(tx, inspected, bought)
    settled = await (_ask(tx, inspected) if _asks(tx, inspected) else _settle(tx, inspected, bought))
    tx.audit("returns.inspect", str(settled.id), refund_minor=settled.amount.minor)
    await tx.flush()
    failpoint("inspect.before_commit")
    tx.on_commit.append(lambda: failpoint("inspect.after_commit"))
    return view(settled)


def _asks(tx: Tx, inspected: Return) -> bool:
    return tx.peer(Refunding).away is not None and bool(accepted(inspected))


async def _ask(tx: Tx, inspected: Return) -> Return:
    instead = await _replace(tx, inspected, waits=True)
    return elsewhere.begin(tx, inspected, instead.order_id if instead else None)


async def _restock(tx: Tx, inspected: Return, bought: Bought) -> None:
    products = {line.sku: line.product_id for line in bought.lines}
    deliveries = [
        Delivery(line.sku, product_id, line.restocked, f"return:{inspected.id}:{line.sku}", line.warehouse)
        for line in inspected.lines
        if line.restocked and (product_id := products[line.sku])
    ]
    if deliveries:
        await tx.peer(InventoryPeer).receive(tx, deliveries, reason="returned")


async def _replace(tx: Tx, inspected: Return, *, waits: bool) -> Instead | None:
    """Place the order that goes out in exchange; None where none does: then the buyer has the money alone."""
    goods = exchanged(inspected)
    if not goods:
        return None
    wish = Replacement(of=inspected.order_id, order_id=new_id(), goods=goods, waits=waits)
    placed = await tx.peer(OrdersPeer).replace(tx, wish)
    return Instead(wish.order_id, placed) if isinstance(placed, Money) else None


async def _settle(tx: Tx, inspected: Return, bought: Bought) -> Return:
    amount, refund_id = Money(0, bought.items.currency), new_id()
    instead = await _replace(tx, inspected, waits=False)
    if pieces := accepted(inspected):
        refunds = tx.peer(RefundsPeer)
        claimed = await refunds.refund(tx, inspected.order_id, refund_id, pieces, REASON, instead)
        amount = claimed.amount
    settled, event = inspected.settle(amount, refund_id, instead.order_id if instead else None)
    tx.tell(event)
    if not amount.minor:
        settled, last = settled.refund()
        tx.tell(last)
    returns.save_lines(tx, settled)
    returns.save(tx, settled)
    return settled
