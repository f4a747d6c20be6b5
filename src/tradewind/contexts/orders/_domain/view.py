"""What an order looks like to those who may see it."""

from tradewind.contexts.orders._domain.order import SETTLED, Line, Order, Status
from tradewind.contracts.orders import EditView, ItemView, OrderView, Step

__all__ = ["ItemView", "OrderView", "Step", "is_over", "is_settled", "view"]


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


def _item(line: Line) -> ItemView:
    return ItemView(sku=line.sku, product_id=line.product_id, qty=line.quantity, price=line.unit_price.amount)


def is_settled(answer: OrderView) -> bool:
    """Whether a client that waits has what it waited for: the order's end, or something that the buyer must do."""
    return is_over(answer) or answer.next_action is not None


def is_over(answer: OrderView) -> bool:
    """Whether it waits for nobody, not even its buyer."""
    return Status(answer.status) in SETTLED
