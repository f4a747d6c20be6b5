"""The SQL of returns.returns and returns.line."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.returns._domain.returned import Line, Reason, Return, Status
from tradewind.contracts.inventory import MAIN
from tradewind.kernel.errors import NotFound
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

INSERT: Final = """
    INSERT INTO returns.returns (id, order_id, status, version, reason, currency) VALUES ($1, $2, $3, $4, $5, $6)
"""
INSERT_LINES: Final = """
    INSERT INTO returns.line (return_id, sku, quantity) SELECT $1, * FROM unnest($2::text[], $3::int[])
"""
INSERT_EXCHANGE: Final = """
    INSERT INTO returns.exchange (return_id, sku, quantity) SELECT $1, * FROM unnest($2::text[], $3::int[])
"""
SAVE: Final = """
    UPDATE returns.returns SET status = $2, version = $3, amount_minor = $4, refund_id = $5, why = $6,
        replacement_id = $7, back_minor = $8, retry_id = $9, changed_at = now()
    WHERE id = $1
"""
SAVE_LINES: Final = """
    UPDATE returns.line AS l SET restocked = u.restocked, written_off = u.written_off, refused = u.refused
    FROM unnest($2::text[], $3::int[], $4::int[], $5::int[]) AS u (sku, restocked, written_off, refused)
    WHERE l.return_id = $1 AND l.sku = u.sku
"""
PLACE_LINES: Final = """
    UPDATE returns.line AS l SET warehouse = u.warehouse FROM unnest($2::text[], $3::text[]) AS u (sku, warehouse)
    WHERE l.return_id = $1 AND l.sku = u.sku
"""
READ: Final = "SELECT * FROM returns.returns WHERE id = $1"
HOLD: Final = "SELECT * FROM returns.returns WHERE id = $1 FOR UPDATE"
OF_ORDER: Final = "SELECT * FROM returns.returns WHERE order_id = $1 ORDER BY created_at, id"
HOLD_ALL: Final = "SELECT * FROM returns.returns WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
HOLD_RETRIED: Final = "SELECT * FROM returns.returns WHERE retry_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
HOLD_REFUNDED: Final = """
    SELECT * FROM returns.returns WHERE refund_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
"""
UNINSPECTED: Final = """
    SELECT r.id, sum(l.quantity)::bigint AS pieces
    FROM returns.returns AS r JOIN returns.line AS l ON l.return_id = r.id
    WHERE r.status = 'RECEIVED' AND r.refund_id IS NULL AND coalesce(l.warehouse, $2) = $1
    GROUP BY r.id ORDER BY r.created_at, r.id
"""
EXCHANGES: Final = "SELECT * FROM returns.exchange WHERE return_id = ANY($1::uuid[]) ORDER BY return_id, sku"
LINES: Final = "SELECT * FROM returns.line WHERE return_id = ANY($1::uuid[]) ORDER BY return_id, sku"


class NoSuchReturn(NotFound):
    """There is no such return."""


async def insert(tx: Tx, one: Return) -> None:
    """Write a new return."""
    await tx.run(INSERT, one.id, one.order_id, one.status.value, one.version, one.reason.value, one.amount.currency)
    await tx.run(INSERT_LINES, one.id, [line.sku for line in one.lines], [line.quantity for line in one.lines])
    if one.exchange:
        await tx.run(INSERT_EXCHANGE, one.id, [sku for sku, _ in one.exchange], [pieces for _, pieces in one.exchange])


def save(tx: Tx, one: Return) -> None:
    """Write where a held return stands now."""
    tx.later(
        SAVE, one.id, one.status.value, one.version, one.amount.minor, one.refund_id, one.why, one.replacement_id,
        one.back, one.retry_id,
    )  # fmt: skip


def save_lines(tx: Tx, one: Return) -> None:
    """Write what became of the pieces of a held return."""
    lines = one.lines
    tx.later(
        SAVE_LINES, one.id, [line.sku for line in lines], [line.restocked for line in lines],
        [line.written_off for line in lines], [line.refused for line in lines],
    )  # fmt: skip


def place_lines(tx: Tx, one: Return) -> None:
    """Write where the pieces of a held return are."""
    tx.later(PLACE_LINES, one.id, [line.sku for line in one.lines], [line.warehouse for line in one.lines])


async def hold(tx: Tx, return_id: UUID) -> Return:
    """The return; nobody else moves it until the transaction ends. Refuses with NoSuchReturn."""
    return await _one(tx, return_id, await tx.row(HOLD, return_id))


async def read(tx: Tx, return_id: UUID) -> Return:
    """The return as it stands, not held; refuses with NoSuchReturn."""
    return await _one(tx, return_id, await tx.row(READ, return_id))


async def of_order(tx: Tx, order_id: UUID) -> list[Return]:
    """Every return of an order, oldest first; who needs them to stay as they are holds the order."""
    return await _many(tx, await tx.all(OF_ORDER, order_id))


async def hold_all(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Return]:
    """Those of these that there are, held."""
    return {one.id: one for one in await _many(tx, await tx.all(HOLD_ALL, ids))}


async def hold_refunded(tx: Tx, refund_ids: Sequence[UUID]) -> list[Return]:
    """The returns whose refunds these are, held."""
    return await _many(tx, await tx.all(HOLD_REFUNDED, refund_ids))


async def hold_retried(tx: Tx, retry_ids: Sequence[UUID]) -> dict[UUID, Return]:
    """The returns whose money these sagas ask for once more, held, by those."""
    return {one.retry_id: one for one in await _many(tx, await tx.all(HOLD_RETRIED, retry_ids)) if one.retry_id}


async def uninspected(tx: Tx, warehouse: str) -> dict[UUID, int]:
    """The returns that nobody has looked at and how many pieces of them lie in this warehouse, oldest first."""
    return {row["id"]: row["pieces"] for row in await tx.all(UNINSPECTED, warehouse, MAIN)}


async def _one(tx: Tx, return_id: UUID, row: Any) -> Return:
    if row is None:
        raise NoSuchReturn(returnId=str(return_id))
    return (await _many(tx, [row]))[0]


async def _many(tx: Tx, rows: Sequence[Any]) -> list[Return]:
    lines: dict[UUID, list[Line]] = {row["id"]: [] for row in rows}
    for found in await tx.all(LINES, list(lines)) if rows else ():
        lines[found["return_id"]].append(_line(found))
    wishes: dict[UUID, list[tuple[str, int]]] = {row["id"]: [] for row in rows}
    for found in await tx.all(EXCHANGES, list(wishes)) if rows else ():
        wishes[found["return_id"]].append((found["sku"], found["quantity"]))
    return [_return(row, lines[row["id"]], wishes[row["id"]]) for row in rows]


def _line(row: Any) -> Line:
    return Line(
        sku=row["sku"],
        quantity=row["quantity"],
        restocked=row["restocked"],
        written_off=row["written_off"],
        refused=row["refused"],
        warehouse=row["warehouse"] or MAIN,
    )


def _return(row: Any, lines: Sequence[Line], exchange: Sequence[tuple[str, int]]) -> Return:
    return Return(
        id=row["id"],
        order_id=row["order_id"],
        reason=Reason(row["reason"]),
        lines=tuple(lines),
        amount=Money(row["amount_minor"], row["currency"]),
        status=Status(row["status"]),
        version=row["version"],
        refund_id=row["refund_id"],
        why=row["why"],
        exchange=tuple(exchange),
        replacement_id=row["replacement_id"],
        back=row["back_minor"],
        retry_id=row["retry_id"],
    )
