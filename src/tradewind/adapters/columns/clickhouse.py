"""Columns on ClickHouse, by its own client; rows are merged by their keys, and questions see each key once.

Tables are ReplacingMergeTree ordered by the key: of rows that were put twice, `final` lets one count, the last. So that
it brings nobody back, the keys of customers who were forgotten are kept, and forgotten again. The same engine in this
process (chdb) is spoken to by the same client.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from clickhouse_connect import get_client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from tradewind.adapters.columns.asking import Asking
from tradewind.adapters.columns.questions import VIEWS
from tradewind.adapters.columns.tables import NAMES, columns_of
from tradewind.ports.columns import Batch, ColumnsAway

T = TypeVar("T")
CONNECT_WITHIN_S: Final = 5
ANSWER_WITHIN_S: Final = 20
SETTINGS: Final = {"final": 1, "max_execution_time": ANSWER_WITHIN_S, "mutations_sync": 2}
CREATE_DATABASE: Final = "CREATE DATABASE IF NOT EXISTS {name:Identifier}"
CREATE: Final = (
    """CREATE TABLE IF NOT EXISTS fact_orders (
        revision UUID, order_id UUID, version Int64, valid_from DateTime64(6, 'UTC'), customer_key String,
        currency LowCardinality(String), pieces Int64, shipping_minor Int64, tax_minor Int64, discount_minor Int64,
        total_minor Int64) ENGINE = ReplacingMergeTree ORDER BY revision""",
    """CREATE TABLE IF NOT EXISTS fact_order_lines (
        revision UUID, line_number Int32, order_id UUID, product_id Nullable(UUID), sku String, quantity Int64,
        unit_price_minor Int64, currency LowCardinality(String))
        ENGINE = ReplacingMergeTree ORDER BY (revision, line_number)""",
    """CREATE TABLE IF NOT EXISTS fact_order_steps (
        event_id UUID, order_id UUID, step LowCardinality(String), told_at DateTime64(6, 'UTC'), total_minor Int64,
        currency LowCardinality(String)) ENGINE = ReplacingMergeTree ORDER BY event_id""",
    """CREATE TABLE IF NOT EXISTS fact_payments (
        event_id UUID, order_id UUID, movement LowCardinality(String), told_at DateTime64(6, 'UTC'),
        amount_minor Int64, currency LowCardinality(String)) ENGINE = ReplacingMergeTree ORDER BY event_id""",
    """CREATE TABLE IF NOT EXISTS fact_inventory_adjustments (
        event_id UUID, product_id UUID, sku String, warehouse LowCardinality(String), quantity Int64, reason String,
        told_at DateTime64(6, 'UTC')) ENGINE = ReplacingMergeTree ORDER BY event_id""",
    """CREATE TABLE IF NOT EXISTS fact_carts (
        event_id UUID, cart_id UUID, outcome LowCardinality(String), told_at DateTime64(6, 'UTC'))
        ENGINE = ReplacingMergeTree ORDER BY event_id""",
    """CREATE TABLE IF NOT EXISTS dim_product (
        event_id UUID, product_id UUID, version Int64, valid_from DateTime64(6, 'UTC'), sku String, name String,
        category String, brand String, status LowCardinality(String))
        ENGINE = ReplacingMergeTree ORDER BY event_id""",
    """CREATE TABLE IF NOT EXISTS forgotten_customers (customer_key String)
        ENGINE = ReplacingMergeTree ORDER BY customer_key""",
    """CREATE VIEW IF NOT EXISTS dim_date AS
        SELECT toDate('2000-01-01') + number AS day, toYear(day) AS year, toQuarter(day) AS quarter,
               toMonth(day) AS month, toISOWeek(day) AS iso_week, toDayOfWeek(day) AS iso_weekday
        FROM numbers(36525)""",
    *VIEWS,
)
EMPTY: Final = "TRUNCATE TABLE IF EXISTS {name:Identifier}"
FORGOTTEN: Final = "forgotten_customers"
WHO_IS_FORGOTTEN: Final = "SELECT customer_key FROM forgotten_customers WHERE customer_key IN {keys:Array(String)}"
KEYS_AT_ONCE: Final = 1_000
"""Customers that one question names: they go there in its address, for which servers have a limit."""
FORGET: Final = "ALTER TABLE fact_orders UPDATE customer_key = '' WHERE customer_key IN {keys:Array(String)}"
TYPES: Final = {
    "$since": "{since:DateTime64(6, 'UTC')}",
    "$until": "{until:DateTime64(6, 'UTC')}",
    "$currency": "{currency:String}",
    "$many": "{many:UInt32}",
    "$most": "{most:UInt32}",
}
"""How this engine writes the parameters of a question."""


class ClickHouseColumns(Asking):
    """The columns in `database` of the server at `url`, or of the engine in the folder of chdb:///folder.

    The client is made, and the tables with it, by the first who puts or asks.
    """

    def __init__(self, url: str, database: str) -> None:
        self._url, self._database = url, database
        self._client: Any = None
        self._turn = threading.Lock()

    async def put(self, batch: Batch) -> None:
        await self._do(partial(_put, batch))

    async def clear(self) -> None:
        await self._do(_clear)

    async def ask(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        for name, typed in TYPES.items():
            sql = sql.replace(name, typed)
        return await self._do(lambda client: client.query(sql, parameters=values).result_rows)

    async def _do(self, work: Callable[[Any], T]) -> T:
        return await asyncio.to_thread(self._in_turn, work)

    def _in_turn(self, work: Callable[[Any], T]) -> T:
        try:
            with self._turn:
                if self._client is None:
                    self._client = _client(self._url, self._database)
                return work(self._client)
        except (ClickHouseError, HTTPError, OSError) as error:
            raise ColumnsAway from error


def _client(url: str, database: str) -> Any:
    limits = {"connect_timeout": CONNECT_WITHIN_S, "send_receive_timeout": ANSWER_WITHIN_S + 5}
    options: dict[str, Any] = {} if url.startswith("chdb:") else {**limits, "autogenerate_session_id": False}
    client = get_client(dsn=url, settings=SETTINGS, **options)
    client.command(CREATE_DATABASE, parameters={"name": database})
    client.database = database
    for table in CREATE:
        client.command(table)
    return client


def _put(batch: Batch, client: Any) -> None:
    """Who is forgotten is noted first and looked for last: whoever puts meanwhile finds the note, or is found."""
    if batch.forgotten:
        client.insert(FORGOTTEN, [batch.forgotten], column_names=["customer_key"], column_oriented=True)
    for table, columns in columns_of(batch):
        client.insert(table, columns, column_names=NAMES[table], column_oriented=True)
    if forgotten := {*batch.forgotten, *_forgotten_of(batch, client)}:
        client.command(FORGET, parameters={"keys": sorted(forgotten)})


def _forgotten_of(batch: Batch, client: Any) -> Iterator[str]:
    """Whose orders were put although they are forgotten: what is put twice was there before, with its key."""
    keys = sorted({order.customer_key for order in batch.orders})
    for at in range(0, len(keys), KEYS_AT_ONCE):
        asked = {"keys": keys[at : at + KEYS_AT_ONCE]}
        yield from (key for (key,) in client.query(WHO_IS_FORGOTTEN, parameters=asked).result_rows)


def _clear(client: Any) -> None:
    for table in (*NAMES, FORGOTTEN):
        client.command(EMPTY, parameters={"name": table})
