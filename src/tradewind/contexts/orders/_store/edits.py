"""The SQL of orders.edit."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tradewind.contexts.orders._domain.edit import Edit, Status
from tradewind.contexts.orders._domain.order import Line
from tradewind.contracts.orders import EditView
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

INSERT: Final = """
    INSERT INTO orders.edit (id, order_id, status, order_version, lines, shipping_minor, tax_minor, discount_minor,
                             total_minor, difference_minor, currency, payment_method, shipping_address, refund_id,
                             refund_asked, more, less)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $12, $13::jsonb, $14, $15, $16::jsonb, $17::jsonb)
"""
READ: Final = "SELECT * FROM orders.edit WHERE id = ANY($1::uuid[]) ORDER BY id"
NEWEST: Final = "SELECT * FROM orders.edit WHERE order_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1"
REFUNDS: Final = "SELECT refund_id FROM orders.edit WHERE order_id = $1 AND refund_id IS NOT NULL"
OF_REFUNDS: Final = "SELECT id FROM orders.edit WHERE refund_id = ANY($1::uuid[])"
MOVE: Final = "UPDATE orders.edit SET status = $2, changed_at = now() WHERE id = $1"
CLOSE: Final = """
    UPDATE orders.edit
    SET status = $2, why = $3, payment_method = NULL, shipping_address = NULL, changed_at = now() WHERE id = $1
"""
ASK: Final = "UPDATE orders.edit SET refund_id = $2, refund_asked = $3, changed_at = now() WHERE id = $1"

_lines: Final = msgspec.json.Decoder(tuple[Line, ...]).decode


async def insert(tx: Tx, edit: Edit) -> None:
    """Write a new edit. Of an order with one under way this fails (AlreadyExists)."""
    over = edit.status is Status.DONE
    await tx.run(
        INSERT, edit.id, edit.order_id, edit.status.value, edit.order_version, _json(edit.lines), edit.shipping.minor,
        edit.tax.minor, edit.discount.minor, edit.total.minor, edit.difference.minor, edit.total.currency,
        None if over else edit.payment_method, None if over else _json(edit.shipping_address), edit.refund_id,
        edit.refund_asked, _json(edit.more or None), _json(edit.less or None),
    )  # fmt: skip


def move(tx: Tx, edit_id: UUID, status: Status) -> None:
    """Write where it stands now."""
    tx.later(MOVE, edit_id, status.value)


def close(tx: Tx, edit_id: UUID, status: Status, why: str | None = None) -> None:
    """Write how it ended, and forget how it was paid and where it was to go: the order knows."""
    tx.later(CLOSE, edit_id, status.value, why)


async def ask(tx: Tx, edit_id: UUID, refund_id: UUID, key: str) -> None:
    """Note that another refund was claimed for it."""
    await tx.run(ASK, edit_id, refund_id, key)


async def read(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Edit]:
    """These edits. Whoever changes one carries its saga, so it stays as it is for them."""
    return {row["id"]: _edit(row) for row in await tx.all(READ, ids)}


async def newest(tx: Tx, order_id: UUID) -> Edit | None:
    """The last edit of an order; who needs it to stay so holds the order."""
    row = await tx.row(NEWEST, order_id)
    return None if row is None else _edit(row)


async def refunds(tx: Tx, order_id: UUID) -> list[UUID]:
    """What was given back by edits of the order."""
    return [row["refund_id"] for row in await tx.all(REFUNDS, order_id)]


async def of_refunds(tx: Tx, refund_ids: Sequence[UUID]) -> list[UUID]:
    """The edits that these refunds are for."""
    return [row["id"] for row in await tx.all(OF_REFUNDS, refund_ids)]


def view(edit: Edit) -> EditView:
    """The edit as clients see it."""
    return EditView(
        id=edit.id,
        status=edit.status.value,
        total_amount=edit.total.amount,
        difference=edit.difference.amount,
        why=edit.why,
    )


def _edit(row: Any) -> Edit:
    currency, address = row["currency"], row["shipping_address"]
    return Edit(
        id=row["id"],
        order_id=row["order_id"],
        order_version=row["order_version"],
        lines=_lines(row["lines"]),
        shipping=Money(row["shipping_minor"], currency),
        tax=Money(row["tax_minor"], currency),
        discount=Money(row["discount_minor"], currency),
        difference=Money(row["difference_minor"], currency),
        status=Status(row["status"]),
        payment_method=row["payment_method"],
        shipping_address=msgspec.json.decode(address) if address else None,
        refund_id=row["refund_id"],
        refund_asked=row["refund_asked"],
        why=row["why"],
        more=_pieces(row["more"]),
        less=_pieces(row["less"]),
    )


def _pieces(stored: str | None) -> dict[str, int]:
    return msgspec.json.decode(stored, type=dict[str, int]) if stored else {}


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
