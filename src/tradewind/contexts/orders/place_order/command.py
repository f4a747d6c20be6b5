"""Place an order: price it, hold its goods, begin its saga; everybody who is waiting shares one transaction."""

import time
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

from tradewind.contexts.orders._domain.order import Line, Order
from tradewind.contexts.orders._domain.view import OrderView, is_settled, view
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.saga import AFTER_RESERVATION, PLACE_ORDER, Placement
from tradewind.contracts.inventory import InventoryPeer, NotEnoughStock, Wanted
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import (
    MAX_LINES,
    MAX_QUANTITY,
    Imported,
    OrderLine,
    PlaceOrder,
    QuoteRef,
    UnfitCurrency,
    UnfitOrder,
    UnknownProduct,
)
from tradewind.contracts.pricing import Price, PricingPeer
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Forbidden, Refusal
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import MAX_MINOR, Money
from tradewind.runtime.batching import Task
from tradewind.runtime.call import Call
from tradewind.runtime.database import Tx, allows
from tradewind.runtime.handlers import Follow, batched
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.telemetry import metrics

__all__ = [
    "MAX_LINES", "MAX_QUANTITY", "Imported", "OrderLine", "PlaceOrder", "QuoteRef", "UnfitCurrency", "UnfitOrder",
    "UnknownProduct", "place_orders",
]  # fmt: skip

Prices: TypeAlias = Mapping[str | UUID, Price]
Steps: TypeAlias = list[tuple[Order, Event]]
"""How an order came to where it stands: each event with the order after it."""


@batched(
    PlaceOrder, action="orders.place", answer=OrderView,
    follow=Follow(lambda answer: GetOrder(order_id=answer.id), is_settled),
)  # fmt: skip
async def place_orders(tasks: Sequence[Task], tx: Tx) -> Sequence[OrderView | Refusal]:
    """Price, then hold, then write: five round trips however many orders there are."""
    began = time.perf_counter()
    prices = await _prices(tx, [task.command for task in tasks])
    drafts = [_draft(task, prices, tx) for task in tasks]
    fit = [(task, draft) for task, draft in zip(tasks, drafts, strict=True) if isinstance(draft, Order)]
    placed = await _hold(tx, fit) if tx.peer(Placement).in_place else [_placed(order) for _, order in fit]
    _write(tx, [(task, outcome) for (task, _), outcome in zip(fit, placed, strict=True)])
    tx.on_commit.append(lambda: _count(placed, began))
    answers = iter(placed)
    outcomes = [next(answers) if isinstance(draft, Order) else draft for draft in drafts]
    return [outcome if isinstance(outcome, Refusal) else view(outcome[-1][0]) for outcome in outcomes]


async def _prices(tx: Tx, commands: Sequence[PlaceOrder]) -> Prices:
    lines = [line for command in commands for line in command.items if line.kind == "goods"]
    skus = {line.sku for line in lines if line.sku is not None}
    ids = {line.product_id for line in lines if line.product_id is not None}
    return await tx.peer(PricingPeer).prices(tx, list(skus), list(ids))


def _draft(task: Task, prices: Prices, tx: Tx) -> Order | Refusal:
    """The order that the command asks for, or why it cannot be."""
    command: PlaceOrder = task.command
    if command.imported and not allows(tx.policy, task.call, "orders.import", {}):
        return Forbidden(action="orders.import")
    unknown = sorted({str(line.sku or line.product_id) for line in command.items if _price(line, prices) is None})
    if unknown:
        return UnknownProduct("Not sold here: " + ", ".join(unknown[:5]), skus=unknown)
    lines = tuple(_line(line, prices) for line in command.items)
    currencies = {line.unit_price.currency for line in lines} | ({command.currency} if command.currency else set())
    if len(currencies) > 1:
        return UnfitCurrency(currencies=sorted(currencies))
    return _order(command, task.call, lines, currencies.pop())


def _order(command: PlaceOrder, call: Call, lines: tuple[Line, ...], currency: str) -> Order | Refusal:
    nothing, past = Money(0, currency), command.imported
    order = Order(
        id=past.order_id if past else new_id(),
        user_id=past.user_id if past else call.actor.subject,
        lines=lines,
        shipping=past.shipping if past else nothing,
        tax=nothing,
        discount=past.discount if past else nothing,
        placed_at=past.placed_at if past else now(),
        payment_method=command.payment_method,
        shipping_address=command.shipping_address,
    )
    if not 0 <= order.total.minor <= MAX_MINOR:
        return UnfitOrder("The order's total is out of bounds.")
    return order


def _price(line: OrderLine, prices: Prices) -> Money | None:
    if line.kind == "fee":
        return line.unit_price
    found = prices.get(line.sku if line.sku is not None else line.product_id or "")
    return None if found is None else line.unit_price or found.price


def _line(line: OrderLine, prices: Prices) -> Line:
    price = _price(line, prices)
    assert price is not None, "lines without a price were refused"
    if line.kind == "fee":
        return Line(sku=line.sku or "", product_id=None, quantity=line.qty, unit_price=price, kind="fee")
    found = prices[line.sku if line.sku is not None else line.product_id or ""]
    return Line(sku=found.sku, product_id=found.product_id, quantity=line.qty, unit_price=price)


async def _hold(tx: Tx, fit: Sequence[tuple[Task, Order]]) -> Sequence[Steps | NotEnoughStock]:
    """Hold every order's goods, in order of arrival; for each, the steps it took, or the refusal."""
    wanted = [Wanted(order.id, order.quantities) for _, order in fit]
    held = await tx.peer(InventoryPeer).reserve(tx, wanted) if wanted else []
    return [
        one if isinstance(one, NotEnoughStock) else [*_placed(order), *order.hold(one)]
        for (_, order), one in zip(fit, held, strict=True)
    ]


def _placed(order: Order) -> Steps:
    return [(order, order.place())]


def _write(tx: Tx, outcomes: Sequence[tuple[Task, Steps | NotEnoughStock]]) -> None:
    """Orders, sagas, events and the trail, with the transaction's last statement."""
    accepted = [(task, steps) for task, steps in outcomes if not isinstance(steps, NotEnoughStock)]
    if not accepted:
        return
    orders.insert(tx, [(steps[-1][0], steps) for _, steps in accepted])
    at_step = AFTER_RESERVATION if tx.peer(Placement).in_place else 0
    calls = [task.call for task, _ in accepted]
    sagas.begin(tx, PLACE_ORDER, [steps[0][0].id for _, steps in accepted], calls, at_step=at_step)
    for task, steps in accepted:
        tx.tell(*(event for _, event in steps), call=task.call)
        tx.audit("orders.place", str(steps[0][0].id), call=task.call)


def _count(placed: Sequence[Steps | NotEnoughStock], began: float) -> None:
    accepted = sum(1 for outcome in placed if not isinstance(outcome, NotEnoughStock))
    metrics.orders_created_total.inc(accepted)
    took_ms = (time.perf_counter() - began) * 1000
    for _ in range(accepted):
        metrics.order_creation_latency_ms.observe(took_ms)
