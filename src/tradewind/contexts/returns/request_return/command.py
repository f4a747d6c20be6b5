"""Ask to give some of an order back. The order is held meanwhile, so that nothing is asked for twice."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.returns._domain.returned import Line, Reason, Return, check
from tradewind.contexts.returns._domain.views import ReturnView, view
from tradewind.contexts.returns._store import returns
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import OrdersPeer
from tradewind.kernel.clock import now
from tradewind.kernel.errors import NotFound
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.handlers import handler

MAX_LINES: Final = 1_000


class NoSuchOrder(NotFound):
    """There is no such order."""


class Wanted(Struct, frozen=True):
    """So many of one SKU."""

    sku: str
    qty: int


class RequestReturn(Command, frozen=True):
    """A buyer wants to give these back."""

    order_id: UUID
    lines: tuple[Wanted, ...]
    reason: Reason


@handler(action="returns.request")
async def request_return(command: RequestReturn, tx: Tx) -> ReturnView:
    """Refuses NotReturnable, ReturnTooLarge; somebody else's order looks like none at all."""
    bought = await tx.peer(OrdersPeer).bought(tx, command.order_id, hold=True)
    if bought is None or not tx.allows("returns.request", owner=bought.user_id == tx.call.actor.subject):
        raise NoSuchOrder(orderId=str(command.order_id))
    wanted: dict[str, int] = {}
    for line in command.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.qty
    others = [] if planted("return_without_others") else await returns.of_order(tx, command.order_id)
    check(wanted, bought, others, now())
    asked = Return(
        id=new_id(),
        order_id=command.order_id,
        reason=command.reason,
        lines=tuple(Line(sku=sku, quantity=quantity) for sku, quantity in sorted(wanted.items())),
        amount=Money(0, bought.items.currency),
    )
    await returns.insert(tx, asked)
    tx.tell(asked.request())
    tx.audit("returns.request", str(asked.id), order_id=str(asked.order_id))
    return view(asked)
