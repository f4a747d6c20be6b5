"""Columns in a file of the home, by DuckDB: whoever puts has the file alone for that moment, askers share it.

DuckDB lets one process write a file, or several read it. Every use therefore opens the file, does its work and closes
it, under a lock beside it: shared by those who ask, exclusive for whoever puts. A batch is one transaction; a process
that dies in the middle of one leaves the file as it was, and the lock goes with the process.
"""

import asyncio
import fcntl
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from tradewind.adapters.columns.asking import Asking
from tradewind.adapters.columns.questions import VIEWS
from tradewind.adapters.columns.tables import columns_of
from tradewind.ports.columns import Batch, ColumnsAway
from tradewind.runtime.failpoints import failpoint

VERSION: Final = 1
"""Of the tables; files of other versions are left alone, and `tradewind analytics rebuild` fills the new one."""
LOCK_WITHIN_S: Final = 10.0
LOCK_POLL_S: Final = 0.005
ANSWER_WITHIN_S: Final = 20.0
LIMITS: Final = {"memory_limit": "256MB", "threads": "2"}
SHUT: Final = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
CREATE: Final = """
    CREATE TABLE IF NOT EXISTS fact_orders (
        revision UUID PRIMARY KEY, order_id UUID NOT NULL, version BIGINT NOT NULL, valid_from TIMESTAMP NOT NULL,
        customer_key VARCHAR NOT NULL, currency VARCHAR NOT NULL, pieces BIGINT NOT NULL,
        shipping_minor BIGINT NOT NULL, tax_minor BIGINT NOT NULL, discount_minor BIGINT NOT NULL,
        total_minor BIGINT NOT NULL);
    CREATE TABLE IF NOT EXISTS fact_order_lines (
        revision UUID NOT NULL, line_number INTEGER NOT NULL, order_id UUID NOT NULL, product_id UUID,
        sku VARCHAR NOT NULL, quantity BIGINT NOT NULL, unit_price_minor BIGINT NOT NULL, currency VARCHAR NOT NULL,
        PRIMARY KEY (revision, line_number));
    CREATE TABLE IF NOT EXISTS fact_order_steps (
        event_id UUID PRIMARY KEY, order_id UUID NOT NULL, step VARCHAR NOT NULL, told_at TIMESTAMP NOT NULL,
        total_minor BIGINT NOT NULL, currency VARCHAR NOT NULL);
    CREATE TABLE IF NOT EXISTS fact_payments (
        event_id UUID PRIMARY KEY, order_id UUID NOT NULL, movement VARCHAR NOT NULL, told_at TIMESTAMP NOT NULL,
        amount_minor BIGINT NOT NULL, currency VARCHAR NOT NULL);
    CREATE TABLE IF NOT EXISTS fact_inventory_adjustments (
        event_id UUID PRIMARY KEY, product_id UUID NOT NULL, sku VARCHAR NOT NULL, warehouse VARCHAR NOT NULL,
        quantity BIGINT NOT NULL, reason VARCHAR NOT NULL, told_at TIMESTAMP NOT NULL);
    CREATE TABLE IF NOT EXISTS fact_carts (
        event_id UUID PRIMARY KEY, cart_id UUID NOT NULL, outcome VARCHAR NOT NULL, told_at TIMESTAMP NOT NULL);
    CREATE TABLE IF NOT EXISTS dim_product (
        event_id UUID PRIMARY KEY, product_id UUID NOT NULL, version BIGINT NOT NULL, valid_from TIMESTAMP NOT NULL,
        sku VARCHAR NOT NULL, name VARCHAR NOT NULL, category VARCHAR NOT NULL, brand VARCHAR NOT NULL,
        status VARCHAR NOT NULL);
    CREATE VIEW IF NOT EXISTS dim_date AS
        SELECT CAST(d AS DATE) AS day, year(d) AS year, quarter(d) AS quarter, month(d) AS month,
               weekofyear(d) AS iso_week, isodow(d) AS iso_weekday
        FROM generate_series(TIMESTAMP '2000-01-01', TIMESTAMP '2099-12-31', INTERVAL 1 DAY) AS dates (d);
"""
PUT: Final = {
    "fact_orders": """
        INSERT INTO fact_orders
        SELECT unnest(from_json($1, '["UUID"]')), unnest(from_json($2, '["UUID"]')),
               unnest(from_json($3, '["BIGINT"]')), unnest(from_json($4, '["TIMESTAMP"]')),
               unnest(from_json($5, '["VARCHAR"]')), unnest(from_json($6, '["VARCHAR"]')),
               unnest(from_json($7, '["BIGINT"]')), unnest(from_json($8, '["BIGINT"]')),
               unnest(from_json($9, '["BIGINT"]')), unnest(from_json($10, '["BIGINT"]')),
               unnest(from_json($11, '["BIGINT"]'))
        ON CONFLICT DO NOTHING""",
    "fact_order_lines": """
        INSERT INTO fact_order_lines
        SELECT unnest(from_json($1, '["UUID"]')), unnest(from_json($2, '["INTEGER"]')),
               unnest(from_json($3, '["UUID"]')), unnest(from_json($4, '["UUID"]')),
               unnest(from_json($5, '["VARCHAR"]')), unnest(from_json($6, '["BIGINT"]')),
               unnest(from_json($7, '["BIGINT"]')), unnest(from_json($8, '["VARCHAR"]'))
        ON CONFLICT DO NOTHING""",
    "fact_order_steps": """
        INSERT INTO fact_order_steps
        SELECT unnest(from_json($1, '["UUID"]')), unnest(from_json($2, '["UUID"]')),
               unnest(from_json($3, '["VARCHAR"]')), unnest(from_json($4, '["TIMESTAMP"]')),
               unnest(from_json($5, '["BIGINT"]')), unnest(from_json($6, '["VARCHAR"]'))
        ON CONFLICT DO NOTHING""",
    "fact_payments": """
        INSERT INTO fact_payments
        SELECT unnest(from_json($1, '["UUID"]')), unnest(from_json($2, '["UUID"]')),
               unnest(from_json($3, '["VARCHAR"]')), unnest(from_json($4, '["TIMESTAMP"]')),
               unnest(from_json($5, '["BIGINT"]')), unnest(from_json($6, '["VARCHAR"]'))
        ON CONFLICT DO NOTHING""",
    "fact_inventory_adjustments": """
        INSERT INTO fact_inventory_adjustments
        SELECT unnest(from_json($1, '["UUID"]')), unnest(from_json($2, '["UUID"]')),
               unnest(from_json($3, '["VARCHAR"]')), unnest(from_json($4, '["VARCHAR"]')),
               unnest(from_json($5, '["BIGINT"]')), unnest(from_json($6, '["VARCHAR"]')),
               unnest(from_json($7, '["TIMESTAMP"]'))
        ON CONFLICT DO NOTHING""",
    "fact_carts": """
        INSERT INTO fact_carts
        SELECT unnest(from_json($1, '["UUID"]')), unnest(from_json($2, '["UUID"]')),
               unnest(from_json($3, '["VARCHAR"]')), unnest(from_json($4, '["TIMESTAMP"]'))
        ON CONFLICT DO NOTHING""",
    "dim_product": """
        INSERT INTO dim_product
        SELECT unnest(from_json($1, '["UUID"]')), unnest(from_json($2, '["UUID"]')),
               unnest(from_json($3, '["BIGINT"]')), unnest(from_json($4, '["TIMESTAMP"]')),
               unnest(from_json($5, '["VARCHAR"]')), unnest(from_json($6, '["VARCHAR"]')),
               unnest(from_json($7, '["VARCHAR"]')), unnest(from_json($8, '["VARCHAR"]')),
               unnest(from_json($9, '["VARCHAR"]'))
        ON CONFLICT DO NOTHING""",
}
"""How the columns of a table's rows go there, by table, each as one JSON text: the engine reads that in half the
time that the driver takes for as many values."""
_encode = msgspec.json.Encoder().encode
COMPLETE: Final = "SELECT 1 FROM dim_date LIMIT 0"
"""Where there is one table or view, there are all. The engine's list of its views takes it 10 ms."""
FORGET: Final = "UPDATE fact_orders SET customer_key = '' WHERE customer_key IN (SELECT unnest($1::VARCHAR[]))"


class DuckDbColumns(Asking):
    """The columns in `file`, which is made by the first who puts."""

    def __init__(self, file: Path) -> None:
        self._file = file.with_name(f"{file.name}-v{VERSION}.duckdb")

    async def put(self, batch: Batch) -> None:
        await asyncio.to_thread(self._put, batch)

    async def clear(self) -> None:
        await asyncio.to_thread(self._clear)

    async def ask(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        plain = {name: _naive(one) if isinstance(one, datetime) else one for name, one in values.items()}
        return await asyncio.to_thread(self._answer, sql, plain)

    def _answer(self, sql: str, values: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
        if not self._file.exists():
            return ()
        with self._opened(alone=False) as connection:
            late = threading.Timer(ANSWER_WITHIN_S, connection.interrupt)
            late.start()
            try:
                rows: Sequence[tuple[Any, ...]] = connection.execute(sql, values).fetchall()
            finally:
                late.cancel()
        return rows

    def _put(self, batch: Batch) -> None:
        with self._opened(alone=True) as connection:
            connection.begin()
            for table, columns in columns_of(batch):
                connection.execute(PUT[table], [_json(column) for column in columns])
            if batch.forgotten:
                connection.execute(FORGET, [list(batch.forgotten)])
            failpoint("columns.before_commit")
            connection.commit()

    def _clear(self) -> None:
        with self._locked(alone=True):
            for path in (self._file, self._file.with_name(self._file.name + ".wal")):
                path.unlink(missing_ok=True)

    @contextmanager
    def _opened(self, *, alone: bool) -> Iterator[Any]:
        import duckdb

        try:
            with self._locked(alone=alone):
                connection = duckdb.connect(self._file, read_only=not alone, config={**LIMITS, **SHUT})
                try:
                    if alone and not _is_complete(connection):
                        _create(connection)
                    yield connection
                finally:
                    connection.close()
        except (duckdb.Error, OSError) as error:
            raise ColumnsAway from error

    @contextmanager
    def _locked(self, *, alone: bool) -> Iterator[None]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(beside, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield
        finally:
            os.close(beside)


def _is_complete(connection: Any) -> bool:
    import duckdb

    try:
        connection.execute(COMPLETE)
    except duckdb.CatalogException:
        return False
    return True


def _create(connection: Any) -> None:
    """All tables and views, or none."""
    connection.begin()
    for statements in (CREATE, *VIEWS):
        connection.execute(statements)
    connection.commit()


def _lock(descriptor: int, how: int) -> None:
    until_s = time.monotonic() + LOCK_WITHIN_S
    while True:
        try:
            return fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until_s:
                raise
            time.sleep(LOCK_POLL_S)


def _json(column: list[Any]) -> str:
    """The engine's timestamps are in UTC and know no time zone."""
    return _encode([_naive(one) for one in column] if isinstance(column[0], datetime) else column).decode()


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
