"""Ask to give some of an order back. The order is held meanwhile, so that nothing is asked for twice."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.returns._domain.returned import Line, Reason, Return, check
from tradewind.contexts.returns._domain.views import ReturnView, view
from tradewind.contexts.returns._store import returns
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import Bought, OrdersPeer
from tradewind.contracts.pricing import PricingPeer
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Invalid, NotFound
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.handlers import handler

MAX_LINES: Final = 1_000


class UnfitExchange(Invalid):
    """What is wanted for it is not sold here, or is more than comes back."""


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
    exchange: tuple[Wanted, ...] = ()
    """What they would rather have; nothing: their money."""


@handler(action="returns.request")
async def request_return(command: RequestReturn, tx: Tx) -> ReturnView:
    """Refuses NotReturnable, ReturnTooLarge, UnfitExchange; somebody else's order looks like none at all."""
    bought = await tx.peer(OrdersPeer).bought(tx, command.order_id, hold=True)
    if bought is None or not tx.allows("returns.request", owner=bought.user_id == tx.call.actor.subject):
        raise NoSuchOrder(orderId=str(command.order_id))
    wanted, exchange = _together(command.lines), _together(command.exchange)
    others = [] if planted("return_without_others") else await returns.of_order(tx, command.order_id)
    check(wanted, bought, others, now())
    if exchange:
        await _may_be_had(tx, wanted, exchange, bought)
    asked = Return(
        id=new_id(),
        order_id=command.order_id,
        reason=command.reason,
        lines=tuple(Line(sku=sku, quantity=quantity) for sku, quantity in sorted(wanted.items())),
        amount=Money(0, bought.items.currency),
        exchange=tuple(sorted(exchange.items())),
    )
    await returns.insert(tx, asked)
    tx.tell(asked.request())
    tx.audit("returns.request", str(asked.id), order_id=str(asked.order_id))
    return view(asked)


def _together(lines: Sequence[Wanted]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        found[line.sku] = found.get(line.sku, 0) + line.qty
    return found


async def _may_be_had(tx: Tx, wanted: Mapping[str, int], exchange: Mapping[str, int], bought: Bought) -> None:
    """Refuses (UnfitExchange) what is not sold in the order's currency, and more pieces than come back."""
    others = [sku for sku in exchange if sku not in wanted]
    prices = await tx.peer(PricingPeer).prices(tx, others, []) if others else {}
    unknown = [sku for sku in others if sku not in prices or prices[sku].price.currency != bought.items.currency]
    if unknown:
        raise UnfitExchange(f"Not to be had for it: {', '.join(unknown[:5])}.", skus=unknown)
    if sum(exchange.values()) > sum(wanted.values()):
        raise UnfitExchange("More pieces would go out than come back: order the others apart.")
