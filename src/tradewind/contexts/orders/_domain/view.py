"""What an order looks like to those who may see it."""

from msgspec.structs import replace

from tradewind.contexts.orders._domain.order import SETTLED, Line, Order, Status
from tradewind.contracts.inventory import Awaited, AwaitedGoods, InventoryBackordered
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import EditView, ItemView, OrderView, Step

__all__ = ["ItemView", "OrderView", "Step", "is_over", "is_settled", "seen", "view"]


def view(order: Order, history: tuple[Step, ...] | None = None, edit: EditView | None = None) -> OrderView:
    """What clients see of `order`; whoever bought it and how is left out."""
    return OrderView(
        id=order.id,
        status=order.status.value,
        total_amount=order.total.amount,
        currency=order.currency,
        items=tuple(_item(line) for line in order.lines),
        shipping_amount=order.shipping.amount,
        tax_amount=order.tax.amount,
        discount_amount=order.discount.amount,
        placed_at=order.placed_at,
        shipping_method=order.shipping_method,
        why=order.why,
        history=history,
        version=order.version,
        edit=edit,
    )


def seen(step: tuple[Order, Event]) -> OrderView:
    """What its buyer is answered who has just placed it: where its last step led to, and what it waits for."""
    order, event = step
    shown = view(order)
    if not isinstance(event, InventoryBackordered):
        return shown
    goods = tuple(AwaitedGoods(line.sku, line.qty) for line in event.items)
    return replace(shown, backorder=Awaited(goods, event.until, event.expected_at))


def _item(line: Line) -> ItemView:
    return ItemView(sku=line.sku, product_id=line.product_id, qty=line.quantity, price=line.unit_price.amount)


def is_settled(answer: OrderView) -> bool:
    """Whether a client that waits has what it waited for: the order's end, or something to be done or waited for."""
    return is_over(answer) or answer.next_action is not None or answer.backorder is not None


def is_over(answer: OrderView) -> bool:
    """Whether it waits for nobody, not even its buyer."""
    return Status(answer.status) in SETTLED
