"""The tables of the star schema, as both engines fill them: a batch's rows, column by column, by table."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct, structs

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

TABLES: Final[Mapping[str, type[Struct]]] = {
    "fact_orders": OrderFact,
    "fact_order_lines": LineFact,
    "fact_order_steps": StepFact,
    "fact_payments": PaymentFact,
    "fact_inventory_adjustments": AdjustmentFact,
    "fact_carts": CartFact,
    "dim_product": ProductDimension,
}
NAMES: Final = {table: [one.name for one in structs.fields(row)] for table, row in TABLES.items()}
"""The columns of each table."""


def columns_of(batch: Batch) -> Iterator[tuple[str, list[list[Any]]]]:
    """Each table that the batch has rows of, with its columns."""
    rows: tuple[Sequence[Struct], ...] = (
        batch.orders, batch.lines, batch.steps, batch.payments, batch.adjustments, batch.carts, batch.products
    )  # fmt: skip
    for (table, names), several in zip(NAMES.items(), rows, strict=True):
        if several:
            yield table, [[getattr(row, name) for row in several] for name in names]


def in_utc(moment: datetime) -> datetime:
    """As a moment that knows its time zone; the engines answer without one."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
