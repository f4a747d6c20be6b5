"""Tables of contexts that run apart, copied beside those of the shop, so that checks read all as if all were one."""

import re
import tempfile
from collections.abc import Iterable, Mapping
from typing import IO, Any, Final, NamedTuple

from tradewind.app.audit import messages, revenue, waiting
from tradewind.app.placement import INVENTORY, PAYMENTS


class Apart(NamedTuple):
    """A context with a database of its own.

    `tables`: what the checks read of it. `tells`: what the events in its log begin with. `added`: tables of `runtime`
    and the rows of them that are added to the shop's. `left_out`: statements that take out of the copies what is not
    the checks' business.
    """

    context: str
    tables: tuple[str, ...]
    tells: str
    added: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()


LEAVE_OUT: Final = """
    DELETE FROM inventory.claim AS c WHERE EXISTS (SELECT FROM orders.orders AS o WHERE o.id = c.id)
        OR EXISTS (SELECT FROM orders.edit AS e WHERE e.id = c.id)
"""
"""Of the copy. What orders and edits hold from afar was tried like anybody else's claim; to the checks it is theirs."""
ALL_SAGAS: Final = "SELECT * FROM runtime.saga"
ACKNOWLEDGED: Final = "SELECT * FROM runtime.audit_entry WHERE action = 'saga.acknowledge'"
TOLD_OF_PAYMENTS: Final = "SELECT * FROM runtime.outbox WHERE type LIKE 'ecommerce.payment.%'"
OF_INVENTORY: Final = Apart(
    INVENTORY,
    (
        "inventory_stock", "inventory_adjustment", "bundle", "reservation", "claim", "backorder", "transfer",
        "transfer_line", "purchase", "purchase_line",
    ),
    tells="ecommerce.inventory.",
    left_out=(LEAVE_OUT,),
)  # fmt: skip
OF_PAYMENTS: Final = Apart(
    PAYMENTS,
    ("payments", "refund", "held_refund", "credit", "challenge"),
    tells="ecommerce.payment.",
    added=(("saga", ALL_SAGAS), ("audit_entry", ACKNOWLEDGED), ("outbox", TOLD_OF_PAYMENTS)),
)
MAY_BE_APART: Final = {one.context: one for one in (OF_INVENTORY, OF_PAYMENTS)}
BY_ALL_LOGS: Final = frozenset({messages.MESSAGES, revenue.REVENUE})
"""What is judged by what all logs told; others judge the shop's own log, and those who read it."""
AS_IT_GOES: Final = frozenset({waiting.BUSY})
"""What is asked of the shop's own database as it is now."""
SPELL_COPY: Final = "SELECT format('CREATE TEMP TABLE %I (LIKE %I.%I)', $1::text, $2::text, $3::text)"
SPELL_TOGETHER: Final = """
    SELECT format('CREATE TEMP VIEW %I AS SELECT * FROM runtime.%I UNION ALL SELECT * FROM pg_temp.%I', $1::text,
                  $2::text, $3::text)
"""
Sides = Mapping[str, Any]
"""Context to the connection to its own database."""


class AsOne:
    """A connection to which the tables of contexts that are apart are its copies of them."""

    def __init__(self, connection: Any, sides: Sides) -> None:
        self._connection, self._sides = connection, sides

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetch(self, sql: str, *arguments: Any) -> Any:
        return await self._connection.fetch(_there(sql, self._sides), *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        return await self._connection.fetchrow(_there(sql, self._sides), *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        return await self._connection.fetchval(_there(sql, self._sides), *arguments)

    def cursor(self, sql: str, *arguments: Any, **how: Any) -> Any:
        return self._connection.cursor(_there(sql, self._sides), *arguments, **how)


def _there(sql: str, contexts: Iterable[str]) -> str:
    """The statement, of the copies."""
    if sql in AS_IT_GOES:
        return sql
    found = sql
    for one in (MAY_BE_APART[context] for context in contexts):
        for table in one.tables:
            found = _renamed(found, f"{one.context}.{table}", _copy_of(one.context, table))
        for table, _ in one.added:
            if table != "outbox" or sql in BY_ALL_LOGS:
                found = _renamed(found, f"runtime.{table}", _together(table))
    return found


def _renamed(sql: str, name: str, copy: str) -> str:
    return re.sub(rf"(?<![.\w]){re.escape(name)}\b", f"pg_temp.{copy}", sql)


def _copy_of(context: str, table: str) -> str:
    return f"{context}_{table}"


def _together(table: str) -> str:
    """The view of the shop's rows and those of others."""
    return f"all_{table}"


async def copy(sides: Sides, shop: Any) -> None:
    """All that the checks read of each, of one moment."""
    await shop.execute("SET default_transaction_read_only = off")
    for context, side in sides.items():
        one = MAY_BE_APART[context]
        async with side.transaction(isolation="repeatable_read", readonly=True):
            for table in one.tables:
                with tempfile.TemporaryFile() as rows:
                    await side.copy_from_table(table, schema_name=context, output=rows, format="binary")
                    await _put(shop, context, table, _copy_of(context, table), rows)
            for table, sql in one.added:
                with tempfile.TemporaryFile() as rows:
                    await side.copy_from_query(sql, output=rows, format="binary")
                    await _put(shop, "runtime", table, _copy_of(context, table), rows)
                copy = _copy_of(context, table)
                await shop.execute(await shop.fetchval(SPELL_TOGETHER, _together(table), table, copy))
        for statement in one.left_out:
            await shop.execute(_there(statement, [context]))
    await shop.execute("SET default_transaction_read_only = on")


async def _put(shop: Any, schema: str, table: str, copy: str, rows: IO[bytes]) -> None:
    """Those of a table that is like the one of that name in `schema`."""
    await shop.execute(await shop.fetchval(SPELL_COPY, copy, schema, table))
    rows.seek(0)
    await shop.copy_to_table(copy, schema_name="pg_temp", source=rows, format="binary")
