"""What events come to in the star schema: pure, so that the same events always make the same rows."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final, TypeAlias, assert_never

from tradewind.contracts.carts import CartAbandoned, CartCheckedOut, CartExpired
from tradewind.contracts.catalog import ProductCreated, ProductDeleted, ProductUpdated
from tradewind.contracts.inventory import StockAdjusted
from tradewind.contracts.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderEdited,
    OrderFailed,
    OrderFulfilled,
    OrderPaid,
    OrderPlaced,
)
from tradewind.contracts.payments import PaymentCaptured, PaymentCaptureFailed, PaymentRefunded, PaymentRefundFailed
from tradewind.contracts.privacy import PersonErased
from tradewind.contracts.shipping import ShipmentDelivered
from tradewind.kernel.money import Money
from tradewind.ports.columns import (
    AdjustmentFact,
    Batch,
    CartFact,
    LineFact,
    OrderFact,
    PaymentFact,
    ProductDimension,
    StepFact,
)
from tradewind.runtime.subscriptions import Told

Heard: TypeAlias = (
    OrderPlaced | OrderEdited | OrderConfirmed | OrderPaid | OrderCancelled | OrderFailed | OrderFulfilled
    | PaymentCaptured | PaymentCaptureFailed | PaymentRefunded | PaymentRefundFailed | ShipmentDelivered
    | StockAdjusted
    | CartCheckedOut | CartAbandoned | CartExpired
    | ProductCreated | ProductUpdated | ProductDeleted | PersonErased
)  # fmt: skip
"""Everything that analytics counts."""
Stepped: TypeAlias = OrderConfirmed | OrderPaid | OrderCancelled | OrderFailed | OrderFulfilled | ShipmentDelivered
GONE: Final = "DELETED"
"""The status of a product that is no longer sold."""
Pseudonym: TypeAlias = Callable[[str], str]


class _Rows:
    """The rows of one batch, as they are found."""

    def __init__(self, pseudonym: Pseudonym) -> None:
        self._pseudonym = pseudonym
        self.orders: list[OrderFact] = []
        self.lines: list[LineFact] = []
        self.steps: list[StepFact] = []
        self.payments: list[PaymentFact] = []
        self.adjustments: list[AdjustmentFact] = []
        self.carts: list[CartFact] = []
        self.products: list[ProductDimension] = []
        self.forgotten: list[str] = []

    def take(self, told: Told[Heard]) -> None:
        """What this event comes to."""
        event = told.event
        match event:
            case OrderPlaced() | OrderEdited():
                self._order(event, told)
            case OrderConfirmed() | OrderPaid() | OrderCancelled():
                minor = _minor(event.total_amount, event.currency)
                self.steps.append(_step(event, told, minor, event.currency))
            case OrderFailed() | OrderFulfilled() | ShipmentDelivered():
                self.steps.append(_step(event, told))
            case PaymentCaptured() | PaymentCaptureFailed() | PaymentRefunded() | PaymentRefundFailed():
                self.payments.append(_payment(event, told))
            case CartCheckedOut() | CartAbandoned() | CartExpired():
                self.carts.append(CartFact(told.event_id, event.cart_id, _OUTCOMES[type(event)], told.told_at))
            case StockAdjusted():
                self.adjustments.append(_adjustment(event, told))
            case ProductCreated() | ProductUpdated() | ProductDeleted():
                self.products.append(_product(event, told))
            case PersonErased():
                self.forgotten.append(self._pseudonym(event.user_id))
            case _:
                assert_never(event)

    def _order(self, event: OrderPlaced | OrderEdited, told: Told[Heard]) -> None:
        currency, revision = event.currency, told.event_id
        since = event.placed_at if isinstance(event, OrderPlaced) else told.told_at
        amounts = (event.shipping_amount, event.tax_amount, event.discount_amount, event.total_amount)
        self.orders.append(
            OrderFact(
                revision, event.order_id, told.position, since, self._pseudonym(event.user_id), currency,
                sum(item.qty for item in event.items), *(_minor(amount, currency) for amount in amounts),
            )
        )  # fmt: skip
        self.lines += [
            LineFact(
                revision, number, event.order_id, item.product_id, item.sku, item.qty, _minor(item.price, currency),
                currency,
            )
            for number, item in enumerate(event.items)
        ]  # fmt: skip


_OUTCOMES: Final = {CartCheckedOut: "CHECKED_OUT", CartAbandoned: "ABANDONED", CartExpired: "EXPIRED"}
_STEPS: Final = {
    OrderConfirmed: "CONFIRMED",
    OrderPaid: "PAID",
    OrderCancelled: "CANCELED",
    OrderFailed: "FAILED",
    OrderFulfilled: "FULFILLED",
    ShipmentDelivered: "DELIVERED",
}


def facts(events: Iterable[Told[Heard]], pseudonym: Pseudonym) -> Batch:
    """The rows that these events come to. `pseudonym`: what a user is known by here."""
    rows = _Rows(pseudonym)
    for told in events:
        rows.take(told)
    return Batch(
        tuple(rows.orders), tuple(rows.lines), tuple(rows.steps), tuple(rows.payments), tuple(rows.adjustments),
        tuple(rows.carts), tuple(rows.products), tuple(rows.forgotten),
    )  # fmt: skip


def together(batches: Iterable[Batch]) -> Batch:
    """Several batches as one."""
    several = list(batches)
    return Batch(
        tuple(row for one in several for row in one.orders),
        tuple(row for one in several for row in one.lines),
        tuple(row for one in several for row in one.steps),
        tuple(row for one in several for row in one.payments),
        tuple(row for one in several for row in one.adjustments),
        tuple(row for one in several for row in one.carts),
        tuple(row for one in several for row in one.products),
        tuple(row for one in several for row in one.forgotten),
    )


def _step(event: Stepped, told: Told[Heard], minor: int = 0, currency: str = "") -> StepFact:
    return StepFact(told.event_id, event.order_id, _STEPS[type(event)], told.told_at, minor, currency)


def _payment(
    event: PaymentCaptured | PaymentCaptureFailed | PaymentRefunded | PaymentRefundFailed, told: Told[Heard]
) -> PaymentFact:
    """What never came is captured below zero, what never went back is refunded below zero."""
    movement = "REFUNDED" if isinstance(event, PaymentRefunded | PaymentRefundFailed) else "CAPTURED"
    never = isinstance(event, PaymentCaptureFailed | PaymentRefundFailed)
    minor = _minor(event.amount, event.currency) * (-1 if never else 1)
    return PaymentFact(told.event_id, event.order_id, movement, told.told_at, minor, event.currency)


def _adjustment(event: StockAdjusted, told: Told[Heard]) -> AdjustmentFact:
    return AdjustmentFact(
        told.event_id, event.product_id, event.sku, event.warehouse, event.delta, event.reason, told.told_at
    )


def _product(event: ProductCreated | ProductUpdated | ProductDeleted, told: Told[Heard]) -> ProductDimension:
    key = (told.event_id, event.product_id, told.position, told.told_at, event.sku)
    if isinstance(event, ProductDeleted):
        return ProductDimension(*key, "", "", "", GONE)
    return ProductDimension(*key, event.name, event.category, event.brand, event.status)


def _minor(amount: Decimal, currency: str) -> int:
    return Money.parse(amount, currency).minor
