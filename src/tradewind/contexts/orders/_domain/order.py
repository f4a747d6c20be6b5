"""The order: what was bought at which price, where it stands, and which moves there are. Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Self, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contracts.inventory import InventoryBackordered, InventoryReserved
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderEdited,
    OrderedItem,
    OrderFailed,
    OrderFulfilled,
    OrderPaid,
    OrderPlaced,
    PaymentAwaited,
)
from tradewind.kernel.errors import Conflict
from tradewind.kernel.lifecycle import Lifecycle
from tradewind.kernel.money import Money

E = TypeVar("E", bound=Event)


class Status(StrEnum):
    """Where an order stands (D36)."""

    PENDING_RESERVATION = "PENDING_RESERVATION"
    RESERVED = "RESERVED"
    PENDING_PAYMENT = "PENDING_PAYMENT"
    CONFIRMED = "CONFIRMED"
    PAID = "PAID"
    FULFILLED = "FULFILLED"
    CANCELED = "CANCELED"
    FAILED = "FAILED"


LIFECYCLE = Lifecycle(
    (Status.PENDING_RESERVATION, InventoryReserved, Status.RESERVED),
    (Status.PENDING_RESERVATION, InventoryBackordered, Status.PENDING_RESERVATION),
    (Status.PENDING_RESERVATION, OrderCancelled, Status.CANCELED),
    (Status.PENDING_RESERVATION, OrderFailed, Status.FAILED),
    (Status.RESERVED, PaymentAwaited, Status.PENDING_PAYMENT),
    (Status.PENDING_PAYMENT, OrderEdited, Status.PENDING_PAYMENT),
    (Status.PAID, OrderEdited, Status.PAID),
    (Status.RESERVED, OrderConfirmed, Status.CONFIRMED),
    (Status.RESERVED, OrderCancelled, Status.CANCELED),
    (Status.RESERVED, OrderFailed, Status.FAILED),
    (Status.PENDING_PAYMENT, OrderConfirmed, Status.CONFIRMED),
    (Status.PENDING_PAYMENT, OrderCancelled, Status.CANCELED),
    (Status.PENDING_PAYMENT, OrderFailed, Status.FAILED),
    (Status.CONFIRMED, OrderPaid, Status.PAID),
    (Status.CONFIRMED, OrderCancelled, Status.CANCELED),
    (Status.PAID, OrderFulfilled, Status.FULFILLED),
    (Status.PAID, OrderCancelled, Status.CANCELED),
)
PENDING = frozenset((Status.PENDING_RESERVATION, Status.RESERVED, Status.PENDING_PAYMENT))
"""The family in which a customer may still call an order off."""
SETTLED = frozenset((Status.CONFIRMED, Status.PAID, Status.FULFILLED, Status.CANCELED, Status.FAILED))
"""What a client that waits is waiting for."""


class PaymentMissing(Conflict):
    """An order is not confirmed before its money is certain."""


class Line(Struct, frozen=True, kw_only=True):
    """So many of one thing, at a price a piece. A fee has no goods behind it."""

    sku: str
    product_id: UUID | None
    quantity: int
    unit_price: Money
    kind: str = "goods"


class Order(Struct, frozen=True, kw_only=True):
    """What somebody buys, at the prices they saw. `total` = lines + shipping + tax - discount, always."""

    id: UUID
    user_id: str
    lines: tuple[Line, ...]
    shipping: Money
    tax: Money
    discount: Money
    placed_at: datetime
    payment_method: str | None = None
    shipping_address: dict[str, str] | None = None
    shipping_method: str | None = None
    email: str | None = None
    email_digest: str | None = None
    guest: bool = False
    """Whether nobody with an account owns it yet."""
    capture_by_hand: bool = False
    """Whether its money is only held until the goods leave, or staff says so."""
    status: Status = Status.PENDING_RESERVATION
    version: int = 1
    why: str | None = None

    @property
    def currency(self) -> str:
        """The one currency of all its amounts."""
        return self.shipping.currency

    @property
    def items_total(self) -> Money:
        """All lines together; they are all of the order's currency."""
        return Money(sum([line.unit_price.minor * line.quantity for line in self.lines]), self.currency)

    @property
    def total(self) -> Money:
        """What the buyer owes."""
        minor = self.items_total.minor + self.shipping.minor + self.tax.minor - self.discount.minor
        return Money(minor, self.currency)

    @property
    def quantities(self) -> dict[str, int]:
        """What has to come from stock: SKU to quantity, lines of one SKU taken together."""
        wanted: dict[str, int] = {}
        for line in self.lines:
            if line.kind == "goods":
                wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
        return wanted

    def place(self) -> OrderPlaced:
        """Tell that it is placed."""
        return OrderPlaced(
            order_id=self.id,
            user_id=self.user_id,
            total_amount=self.total.amount,
            currency=self.currency,
            items=_items(self.lines),
            shipping_amount=self.shipping.amount,
            tax_amount=self.tax.amount,
            discount_amount=self.discount.amount,
            placed_at=self.placed_at,
        )

    def hold(self, reserved: InventoryReserved, *, in_exchange: bool = False) -> "list[tuple[Self, Event]]":
        """Its goods are held; payment is awaited where nobody said how to pay. Each step with the order after it.

        `in_exchange`: its buyer has paid, with what came back of another order; it is open how much of it.
        """
        held = self.after(reserved)
        if self.payment_method is not None or in_exchange:
            return [(held, reserved)]
        awaited = held.await_payment()
        return [(held, reserved), (held.after(awaited), awaited)]

    def await_payment(self) -> PaymentAwaited:
        """The goods are held; the buyer has yet to say how to pay."""
        return self._may(PaymentAwaited(order_id=self.id, user_id=self.user_id))

    def confirm(self, *, authorized: bool) -> OrderConfirmed:
        """Goods, money and carriage are certain. Refuses (PaymentMissing) while the money is not."""
        if not authorized:
            raise PaymentMissing(orderId=str(self.id))
        return self._may(
            OrderConfirmed(
                order_id=self.id, user_id=self.user_id, total_amount=self.total.amount, currency=self.currency
            )
        )

    def pay(self) -> OrderPaid:
        """The money is ours."""
        return self._may(
            OrderPaid(order_id=self.id, user_id=self.user_id, total_amount=self.total.amount, currency=self.currency)
        )

    def edit(self, edit_id: UUID, after: Self, *, address_changed: bool) -> OrderEdited:
        """It is of what `after` is of from now on."""
        return self._may(
            OrderEdited(
                order_id=self.id,
                edit_id=edit_id,
                user_id=self.user_id,
                previous_amount=self.total.amount,
                total_amount=after.total.amount,
                currency=self.currency,
                items=_items(after.lines),
                shipping_amount=after.shipping.amount,
                tax_amount=after.tax.amount,
                discount_amount=after.discount.amount,
                address_changed=address_changed,
                version=self.version + 1,
            )
        )

    def fulfill(self) -> OrderFulfilled:
        """The buyer has the goods."""
        return self._may(OrderFulfilled(order_id=self.id, user_id=self.user_id))

    def cancel(self, reason: str) -> OrderCancelled:
        """It is off. Whoever says so has seen to it that nothing is held and nothing is owed."""
        return self._may(
            OrderCancelled(
                order_id=self.id,
                user_id=self.user_id,
                reason=reason,
                total_amount=self.total.amount,
                currency=self.currency,
            )
        )

    def fail(self, cause: str) -> OrderFailed:
        """The shop could not carry it out. Whoever says so has seen to it that nothing is held and nothing is owed."""
        return self._may(OrderFailed(order_id=self.id, user_id=self.user_id, cause=cause))

    def after(self, event: Event) -> Self:
        """The order once `event` has happened."""
        why = getattr(event, "reason", None) or getattr(event, "cause", None)
        status = LIFECYCLE.follow(self.status, type(event))
        moved = replace(self, status=status, version=self.version + 1, why=why or self.why)
        return moved._with(event) if isinstance(event, OrderEdited) else moved

    def _with(self, event: OrderEdited) -> Self:
        currency = event.currency
        return replace(
            self,
            lines=tuple(_line(item, currency) for item in event.items),
            shipping=Money.parse(event.shipping_amount, currency),
            tax=Money.parse(event.tax_amount, currency),
            discount=Money.parse(event.discount_amount, currency),
        )

    def _may(self, event: E) -> E:
        LIFECYCLE.follow(self.status, type(event))
        return event


def _items(lines: Sequence[Line]) -> tuple[OrderedItem, ...]:
    return tuple(OrderedItem(line.product_id, line.sku, line.quantity, line.unit_price.amount) for line in lines)


def _line(item: OrderedItem, currency: str) -> Line:
    """A line as it was told: goods are of a product, fees are not."""
    kind = "fee" if item.product_id is None else "goods"
    price = Money.parse(item.price, currency)
    return Line(sku=item.sku, product_id=item.product_id, quantity=item.qty, unit_price=price, kind=kind)


def fold(order: Order, events: Sequence[Event]) -> Order:
    """The order once all of `events` have happened."""
    for event in events:
        order = order.after(event)
    return order
