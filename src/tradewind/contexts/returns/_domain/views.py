"""What returns answers."""

from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.returns._domain.returned import Return


class ReturnLineView(Struct, frozen=True, kw_only=True, rename="camel"):
    """So many of one SKU, what became of them, and the warehouse that they came back to, once they did."""

    sku: str
    qty: int
    restocked: int
    written_off: int
    refused: int
    warehouse: str | None = None


class ExchangeLineView(Struct, frozen=True, kw_only=True, rename="camel"):
    """So many of one SKU that the buyer would rather have."""

    sku: str
    qty: int


class ReturnView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A return. `number` goes on its parcel; `refundAmount` is what the buyer gets, 0 before it is inspected.

    `exchange` is what they would rather have; `replacementOrderId` the order that goes out for it: `refundAmount`
    pays for it as far as it goes, and only the difference is charged or given back.
    """

    id: UUID
    order_id: UUID
    number: str
    status: str
    reason: str
    lines: tuple[ReturnLineView, ...]
    refund_amount: Decimal
    currency: str
    why: str | None
    exchange: tuple[ExchangeLineView, ...] = ()
    replacement_order_id: UUID | None = None


class ReturnList(Struct, frozen=True, rename="camel"):
    """The returns of an order, oldest first."""

    items: tuple[ReturnView, ...]


def view(one: Return) -> ReturnView:
    """The return as clients see it."""
    return ReturnView(
        id=one.id,
        order_id=one.order_id,
        number=one.number,
        status=one.status.value,
        reason=one.reason.value,
        lines=tuple(
            ReturnLineView(
                sku=line.sku,
                qty=line.quantity,
                restocked=line.restocked,
                written_off=line.written_off,
                refused=line.refused,
                warehouse=line.warehouse if one.is_here else None,
            )
            for line in one.lines
        ),
        refund_amount=one.amount.amount,
        currency=one.amount.currency,
        why=one.why,
        exchange=tuple(ExchangeLineView(sku=sku, qty=quantity) for sku, quantity in one.exchange),
        replacement_order_id=one.replacement_id,
    )
