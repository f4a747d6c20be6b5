"""Every statement that the shop may send is understood by the real database, with its real tables."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import tradewind
from tests.house.statements import LOOKS_LIKE_SQL

OTHER_DIALECT = (
    "tradewind.adapters.payment_provider.simulator.", "tradewind.adapters.sensor_broker.",
    "tradewind.adapters.columns.", "tradewind.app.audit.columns", "tradewind.adapters.cassandra.",
    "tradewind.adapters.order_lists.cassandra", "tradewind.adapters.stock_snapshots.cassandra",
)  # fmt: skip
"""The simulated provider and the sensors' broker are servers of their own and keep their books in SQLite; columns are
in DuckDB or ClickHouse, whose statements tests/adapters/columns and tests/analytics run; Cassandra has CQL, which
tests/adapters/order_lists and stock_snapshots run."""


def constants() -> Iterator[tuple[str, str]]:
    """(name, SQL) of every constant of every module that is a statement."""
    for found in pkgutil.walk_packages(tradewind.__path__, "tradewind."):
        is_test = found.name.rsplit(".", 1)[-1].startswith(("test_", "conftest", "__main__"))
        if is_test or found.name.startswith(OTHER_DIALECT):
            continue
        for name, value in vars(importlib.import_module(found.name)).items():
            if name.strip("_").isupper() and isinstance(value, str) and LOOKS_LIKE_SQL.match(value):
                yield f"{found.name}.{name}", value


async def refusals(connection: Any, statements: Iterator[tuple[str, str]]) -> list[str]:
    """What the database does not understand. Preparing runs nothing."""
    refused = []
    for name, sql in statements:
        for statement in filter(str.strip, sql.split(";")):
            try:
                await connection.prepare(statement)
            except Exception as error:
                refused.append(f"{name}: {type(error).__name__}: {error}")
    return refused


async def test_every_statement_prepares_against_the_real_schema(database: Any) -> None:
    async with database.pool.acquire() as connection:
        refused = await refusals(connection, constants())
    assert not refused, "\n".join(refused)


async def test_a_statement_that_misses_its_table_is_noticed(database: Any) -> None:
    async with database.pool.acquire() as connection:
        refused = await refusals(connection, iter([("PLANTED", "SELECT 1 FROM orders.no_such_table WHERE id = $1")]))
    assert len(refused) == 1
    assert "no_such_table" in refused[0]
