"""What an order will be, before anything is held: from lines at the prices that count, or from a cart's quote."""

from collections.abc import Mapping
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.orders._domain.order import Line, Order
from tradewind.contracts.carts import Agreed
from tradewind.contracts.orders import OrderLine, PlaceOrder, UnfitCurrency, UnfitOrder, UnknownProduct
from tradewind.contracts.pricing import Price, Redemption
from tradewind.contracts.privacy import Pseudonyms
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Forbidden, Refusal
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import MAX_MINOR, Money
from tradewind.runtime.batching import Task
from tradewind.runtime.database import Tx, allows

Prices: TypeAlias = Mapping[str | UUID, Price]


class Draft(Struct, frozen=True, kw_only=True):
    """An order that may be, with what it takes of what is limited; `agreed`: the quote that it comes from."""

    task: Task
    order: Order
    redemption: Redemption | None = None
    agreed: Agreed | None = None


def from_quote(task: Task, agreed: Agreed, tx: Tx) -> Draft | Refusal:
    """The order that the quote stands for: the price shown is the price charged, to the minor unit."""
    quote = agreed.quote
    order = Order(
        id=agreed.order_id,
        user_id=task.call.actor.subject,
        lines=tuple(
            Line(sku=line.sku, product_id=line.product_id, quantity=line.quantity, unit_price=line.unit_price)
            for line in quote.lines
        ),
        shipping=quote.shipping,
        tax=quote.tax,
        discount=quote.discount,
        placed_at=now(),
        payment_method=task.command.payment_method,
        shipping_address=agreed.shipping_address,
        shipping_method=agreed.shipping_method,
        email=agreed.email,
        email_digest=_digest(agreed.email, tx),
        guest=_is_guest(task),
        capture_by_hand=task.command.capture_by_hand,
    )
    assert order.total == quote.total, f"the quote says {quote.total}, the order {order.total}"
    pieces: dict[UUID, int] = {}
    for line in quote.lines:
        if line.sale_id is not None:
            pieces[line.sale_id] = pieces.get(line.sale_id, 0) + line.quantity
    return _bounded(task, order, pieces, quote.coupons, agreed)


def from_lines(task: Task, prices: Prices, tx: Tx) -> Draft | Refusal:
    """The order of these lines at the prices that count, or why it cannot be."""
    command: PlaceOrder = task.command
    if command.imported and not allows(tx.policy, task.call, "orders.import", {}):
        return Forbidden(action="orders.import")
    if not command.items:
        return UnfitOrder("An order has lines, or the quote of a cart.")
    unknown = sorted({str(line.sku or line.product_id) for line in command.items if _price(line, prices) is None})
    if unknown:
        return UnknownProduct("Not sold here: " + ", ".join(unknown[:5]), skus=unknown)
    lines = tuple(_line(line, prices) for line in command.items)
    currencies = {line.unit_price.currency for line in lines} | ({command.currency} if command.currency else set())
    if len(currencies) > 1:
        return UnfitCurrency(currencies=sorted(currencies))
    order = _order(task, lines, currencies.pop(), tx)
    return _bounded(task, order, {} if command.imported else _sale_pieces(lines, prices))


def _order(task: Task, lines: tuple[Line, ...], currency: str, tx: Tx) -> Order:
    command: PlaceOrder = task.command
    nothing, past = Money(0, currency), command.imported
    return Order(
        id=past.order_id if past else new_id(),
        user_id=past.user_id if past else task.call.actor.subject,
        lines=lines,
        shipping=past.shipping if past else nothing,
        tax=nothing,
        discount=past.discount if past else nothing,
        placed_at=past.placed_at if past else now(),
        payment_method=command.payment_method,
        shipping_address=command.shipping_address,
        email=command.email,
        email_digest=_digest(command.email, tx),
        guest=_is_guest(task),
        capture_by_hand=command.capture_by_hand,
    )


def _bounded(
    task: Task,
    order: Order,
    pieces: Mapping[UUID, int],
    coupons: tuple[str, ...] = (),
    agreed: Agreed | None = None,
) -> Draft | Refusal:
    if not 0 <= order.total.minor <= MAX_MINOR:
        return UnfitOrder("The order's total is out of bounds.")
    if not pieces and not coupons:
        return Draft(task=task, order=order, agreed=agreed)
    taken = Redemption(order_id=order.id, customer_id=order.user_id, coupons=coupons, sale_pieces=pieces)
    return Draft(task=task, order=order, redemption=taken, agreed=agreed)


def _sale_pieces(lines: tuple[Line, ...], prices: Prices) -> dict[UUID, int]:
    """How many pieces of which flash sales these lines are."""
    pieces: dict[UUID, int] = {}
    for line in lines:
        found = prices.get(line.sku) if line.kind == "goods" else None
        if found is not None and found.sale_id is not None:
            pieces[found.sale_id] = pieces.get(found.sale_id, 0) + line.quantity
    return pieces


def _is_guest(task: Task) -> bool:
    return "guest" in task.call.actor.roles and not (task.command.imported or "customer" in task.call.actor.roles)


def _digest(email: str | None, tx: Tx) -> str | None:
    return None if email is None else tx.peer(Pseudonyms).of(email)


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
