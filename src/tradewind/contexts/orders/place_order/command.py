"""Place an order: price it, hold its goods, begin its saga; everybody who is waiting shares one transaction.

Locks are taken in one order everywhere: carts, then coupons and flash sales, then stock. What carts and pricing decide
is written only for orders whose goods are held, with everything else in the transaction's last statement.
"""

import time
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

from tradewind.contexts.orders._domain.order import Order
from tradewind.contexts.orders._domain.view import OrderView, is_settled, seen
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.drafting import Draft, Prices, from_lines, from_quote
from tradewind.contexts.orders.place_order.paying import with_tokens
from tradewind.contexts.orders.place_order.saga import AFTER_RESERVATION, PLACE_ORDER, Placement
from tradewind.contexts.orders.place_order.waiting import PLACE_BACKORDER
from tradewind.contracts.carts import Agreed, CartsPeer, Checkout
from tradewind.contracts.inventory import (
    BackordersPeer,
    InventoryBackordered,
    InventoryPeer,
    InventoryReserved,
    NotEnoughStock,
    Wanted,
)
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
from tradewind.contracts.pricing import PricingPeer
from tradewind.kernel.errors import Refusal, Stale
from tradewind.kernel.ids import new_id
from tradewind.ports.flags import CHECKOUT
from tradewind.runtime.batching import Task
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Follow, batched
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.switches import Switch
from tradewind.runtime.telemetry import metrics

__all__ = [
    "MAX_LINES", "MAX_QUANTITY", "Imported", "OrderLine", "PlaceOrder", "QuoteRef", "UnfitCurrency", "UnfitOrder",
    "UnknownProduct", "place_orders",
]  # fmt: skip

Steps: TypeAlias = list[tuple[Order, Event]]
"""How an order came to where it stands: each event with the order after it."""


@batched(
    PlaceOrder, action="orders.place", answer=OrderView,
    follow=Follow(lambda answer: GetOrder(order_id=answer.id), is_settled),
    switch=Switch(CHECKOUT, unless=lambda command: command.imported is not None),
)  # fmt: skip
async def place_orders(tasks: Sequence[Task], tx: Tx) -> Sequence[OrderView | Refusal]:
    """Price, then hold, then write: five round trips however many orders there are.

    Only quotes, and only goods of flash sales or coupons, cost more: one to three for all orders that have them.
    """
    began = time.perf_counter()
    drafts = await _redeem(tx, await with_tokens(tx, await _drafts(tx, tasks)))
    fit = [draft for draft in drafts if isinstance(draft, Draft)]
    placed = await _hold(tx, fit) if tx.peer(Placement).in_place else [_placed(draft.order) for draft in fit]
    _write(tx, [(draft, steps) for draft, steps in zip(fit, placed, strict=True) if isinstance(steps, list)])
    tx.on_commit.append(lambda: _count(placed, began))
    let_go = any(draft.redemption and isinstance(one, Refusal) for draft, one in zip(fit, placed, strict=True))
    answers = iter(placed)
    outcomes = [next(answers) if isinstance(draft, Draft) else _again(draft, let_go=let_go) for draft in drafts]
    return [outcome if isinstance(outcome, Refusal) else seen(outcome[-1]) for outcome in outcomes]


async def _drafts(tx: Tx, tasks: Sequence[Task]) -> list[Draft | Refusal]:
    agreed = await _agree(tx, tasks)
    prices = await _prices(tx, [task.command for task in tasks if task.command.quote is None])

    def drafted(task: Task, of_quote: Agreed | Refusal | None) -> Draft | Refusal:
        if of_quote is None:
            return from_lines(task, prices, tx)
        return of_quote if isinstance(of_quote, Refusal) else from_quote(task, of_quote, tx)

    return [drafted(task, agreed.get(index)) for index, task in enumerate(tasks)]


async def _agree(tx: Tx, tasks: Sequence[Task]) -> Mapping[int, Agreed | Refusal]:
    """What the quotes stand for, by the task's index. Of several who want one cart at once, one goes first."""
    checkouts: dict[int, Checkout] = {}
    late: dict[int, Agreed | Refusal] = {}
    seen: set[UUID] = set()
    for index, task in enumerate(tasks):
        if (quote := task.command.quote) is None:
            continue
        if quote.cart_id in seen:
            late[index] = Stale("Somebody else is checking this cart out.")
            continue
        seen.add(quote.cart_id)
        checkouts[index] = Checkout(
            cart_id=quote.cart_id, quote_token=quote.token, order_id=new_id(), user_id=task.call.actor.subject
        )
    if not checkouts:
        return {}
    answers = await tx.peer(CartsPeer).agree(tx, list(checkouts.values()))
    return {**dict(zip(checkouts, answers, strict=True)), **late}


async def _prices(tx: Tx, commands: Sequence[PlaceOrder]) -> Prices:
    lines = [line for command in commands for line in command.items if line.kind == "goods"]
    if not lines:
        return {}
    skus = {line.sku for line in lines if line.sku is not None}
    ids = {line.product_id for line in lines if line.product_id is not None}
    return await tx.peer(PricingPeer).prices(tx, list(skus), list(ids))


class _Lost(Refusal):
    """Not an answer: what is limited went to another order of the same transaction, or was gone before."""

    def __init__(self, why: Refusal) -> None:
        super().__init__()
        self.why = why


async def _redeem(tx: Tx, drafts: Sequence[Draft | Refusal]) -> list[Draft | Refusal]:
    """Who gets what is limited, in order of arrival; asks only where something is."""
    wanted = [draft for draft in drafts if isinstance(draft, Draft) and draft.redemption]
    if not wanted:
        return list(drafts)
    answers = iter(await tx.peer(PricingPeer).redeem(tx, [draft.redemption for draft in wanted if draft.redemption]))

    def decided(draft: Draft | Refusal) -> Draft | Refusal:
        if isinstance(draft, Refusal) or not draft.redemption:
            return draft
        refusal = next(answers)
        return draft if refusal is None else _Lost(refusal)

    return [decided(draft) for draft in drafts]


def _again(refusal: Refusal, *, let_go: bool) -> Refusal:
    """Who lost to an order that then could not have its goods is asked again, alone."""
    if not isinstance(refusal, _Lost):
        return refusal
    return Stale() if let_go else refusal.why


async def _hold(tx: Tx, fit: Sequence[Draft]) -> Sequence[Steps | NotEnoughStock]:
    """Hold every order's goods, in order of arrival; for each, the steps it took, or the refusal.

    What is not there is waited for, where it may be.
    """
    wanted = [Wanted(draft.order.id, draft.order.quantities, draft.order.shipping_address) for draft in fit]
    held = await tx.peer(InventoryPeer).reserve(tx, wanted) if wanted else []
    lacking = [one for draft, one, answer in zip(fit, wanted, held, strict=True)
               if isinstance(answer, NotEnoughStock) and not draft.task.command.imported]  # fmt: skip
    told = await tx.peer(BackordersPeer).wait(tx, lacking) if lacking else []
    queued = {one.order_id: one for one in told if one is not None}

    def stands(order: Order, one: InventoryReserved | NotEnoughStock) -> Steps | NotEnoughStock:
        if isinstance(one, InventoryReserved):
            return [*_placed(order), *order.hold(one)]
        waits = queued.get(order.id)
        return one if waits is None else [*_placed(order), (order.after(waits), waits)]

    return [stands(draft.order, one) for draft, one in zip(fit, held, strict=True)]


def _placed(order: Order) -> Steps:
    return [(order, order.place())]


def _write(tx: Tx, accepted: Sequence[tuple[Draft, Steps]]) -> None:
    """Orders, sagas, events, the trail and what carts and pricing owe them, with the transaction's last statement."""
    if not accepted:
        return
    orders.insert(tx, [(steps[-1][0], steps) for _, steps in accepted])
    _begin(tx, accepted)
    for draft, steps in accepted:
        tx.tell(*(event for _, event in steps), call=draft.task.call)
        tx.audit("orders.place", str(draft.order.id), call=draft.task.call)
    if agreed := [draft.agreed for draft, _ in accepted if draft.agreed]:
        tx.calls = {str(draft.order.id): draft.task.call for draft, _ in accepted}
        tx.peer(CartsPeer).complete(tx, agreed)
    if granted := [draft.redemption for draft, _ in accepted if draft.redemption]:
        tx.peer(PricingPeer).redeemed(tx, granted)


def _begin(tx: Tx, accepted: Sequence[tuple[Draft, Steps]]) -> None:
    """The saga of each order: of one whose goods have to come, the one that waits for them."""
    at_step = AFTER_RESERVATION if tx.peer(Placement).in_place else 0
    calls = {draft.order.id: draft.task.call for draft, _ in accepted}
    waiting = [steps[-1][0].id for _, steps in accepted if isinstance(steps[-1][1], InventoryBackordered)]
    others = [order for order in calls if order not in waiting]
    if others:
        sagas.begin(tx, PLACE_ORDER, others, [calls[order] for order in others], at_step=at_step)
    if waiting:
        sagas.begin(tx, PLACE_BACKORDER, waiting, [calls[order] for order in waiting])


def _count(placed: Sequence[Steps | NotEnoughStock], began: float) -> None:
    accepted = sum(1 for outcome in placed if not isinstance(outcome, NotEnoughStock))
    metrics.orders_created_total.inc(accepted)
    took_ms = (time.perf_counter() - began) * 1000
    for _ in range(accepted):
        metrics.order_creation_latency_ms.observe(took_ms)
