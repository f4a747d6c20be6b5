"""Rows of the star schema with defaults, for tests to say what matters to them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tradewind.kernel.ids import new_id
from tradewind.ports.columns import (
    AdjustmentFact,
    CartFact,
    LineFact,
    OrderFact,
    PaymentFact,
    ProductDimension,
    StepFact,
)

NOON: Final = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
WHOLE: Final = (NOON - timedelta(days=400), NOON + timedelta(days=400))


def a_payment(amount: int, *, movement: str = "CAPTURED", at: datetime = NOON, currency: str = "EUR") -> PaymentFact:
    return PaymentFact(new_id(), new_id(), movement, at, amount, currency)


def a_step(order_id: UUID, step: str, *, at: datetime = NOON, total: int = 0, currency: str = "") -> StepFact:
    return StepFact(new_id(), order_id, step, at, total, currency)


def an_order(**known: Any) -> OrderFact:
    usual: dict[str, Any] = {
        "revision": new_id(), "order_id": new_id(), "version": 1, "valid_from": NOON, "customer_key": "ann",
        "currency": "EUR", "pieces": 1, "shipping_minor": 0, "tax_minor": 0, "discount_minor": 0, "total_minor": 100,
    }  # fmt: skip
    return OrderFact(**{**usual, **known})


def a_line(of: OrderFact, number: int = 0, **known: Any) -> LineFact:
    usual: dict[str, Any] = {
        "revision": of.revision, "line_number": number, "order_id": of.order_id, "product_id": new_id(),
        "sku": f"SKU-{number}", "quantity": 1, "unit_price_minor": 100, "currency": of.currency,
    }  # fmt: skip
    return LineFact(**{**usual, **known})


def a_product(product_id: UUID, *, version: int = 1, since: datetime = NOON, **known: Any) -> ProductDimension:
    usual: dict[str, Any] = {"sku": "LAMP", "name": "A lamp", "category": "lamps", "brand": "", "status": "ACTIVE"}
    return ProductDimension(new_id(), product_id, version, since, **{**usual, **known})


def an_adjustment(quantity: int, *, sku: str = "LAMP", reason: str = "delivery") -> AdjustmentFact:
    return AdjustmentFact(new_id(), new_id(), sku, "MAIN", quantity, reason, NOON)


def a_cart(outcome: str, *, at: datetime = NOON) -> CartFact:
    return CartFact(new_id(), new_id(), outcome, at)
