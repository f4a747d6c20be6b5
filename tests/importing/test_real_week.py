"""The real week goes through to the last line, and its money equals what plain SQL over the file says."""

import csv
import sqlite3
from pathlib import Path

import pytest

from tests.importing.dumps import everything
from tests.importing.week import REAL_WEEK
from tradewind.app.importing.buckets import Bucket
from tradewind.app.importing.command import import_online_retail
from tradewind.app.importing.plan import Plan, plan
from tradewind.app.importing.reading import read
from tradewind.app.wiring import Shop

CREATE = """
    CREATE TABLE line
        (InvoiceNo, StockCode, Description, Quantity INT, InvoiceDate, UnitPrice REAL, CustomerID, Country)
"""
LOAD = "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
SOLD = """
    SELECT count(*), sum(Quantity), sum(Quantity * CAST(round(UnitPrice * 100) AS INTEGER)) FROM line
    WHERE InvoiceNo NOT LIKE 'C%' AND Quantity > 0 AND UnitPrice > 0 AND StockCode GLOB '[0-9][0-9][0-9][0-9][0-9]*'
"""
ALL = "SELECT count(*), sum(Quantity), sum(Quantity * CAST(round(UnitPrice * 100) AS INTEGER)) FROM line"
WRITTEN_OFF = "SELECT count(*), sum(Quantity) FROM line WHERE InvoiceNo NOT LIKE 'C%' AND Quantity < 0"
CREDITED = """
    SELECT count(*), sum(Quantity), sum(Quantity * CAST(round(UnitPrice * 100) AS INTEGER)) FROM line
    WHERE InvoiceNo LIKE 'C%'
"""
INVOICED = """
    SELECT count(DISTINCT InvoiceNo) FROM line WHERE InvoiceNo NOT LIKE 'C%' AND Quantity > 0
    AND StockCode GLOB '[0-9][0-9][0-9][0-9][0-9]*'
    AND InvoiceNo IN (SELECT InvoiceNo FROM line WHERE Quantity * UnitPrice > 0)
"""
GBP_SOLD_MINOR = 24_892_879


@pytest.fixture(scope="module")
def real_week() -> Path:
    if not REAL_WEEK.exists():
        pytest.skip(
            f"no ../{REAL_WEEK.relative_to(REAL_WEEK.parents[2])} beside the repository: the real week is not here"
        )
    return REAL_WEEK


@pytest.fixture(scope="module")
def planned(real_week: Path) -> Plan:
    return plan(read(real_week))


@pytest.fixture(scope="module")
def by_sql(real_week: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(CREATE)
    with real_week.open(newline="") as file:
        lines = csv.reader(file)
        next(lines)
        connection.executemany(LOAD, lines)
    return connection


def test_goods_sold_equal_plain_sql_over_the_file_to_the_penny(planned: Plan, by_sql: sqlite3.Connection) -> None:
    sold = planned.tallies[Bucket.GOODS_SOLD]
    assert (sold.lines, sold.quantity, sold.amount_minor) == by_sql.execute(SOLD).fetchone()
    assert sold.amount_minor == GBP_SOLD_MINOR


def test_all_14553_lines_are_in_the_buckets_with_all_their_money(planned: Plan, by_sql: sqlite3.Connection) -> None:
    every = planned.tallies.values()
    sums = (sum(one.lines for one in every), sum(one.quantity for one in every), sum(one.amount_minor for one in every))
    assert sums == by_sql.execute(ALL).fetchone()
    assert sums[0] == planned.lines == 14_553


def test_write_offs_credits_and_orders_are_as_many_as_plain_sql_finds(
    planned: Plan, by_sql: sqlite3.Connection
) -> None:
    off = [planned.tallies[bucket] for bucket in (Bucket.WRITE_OFFS, Bucket.WRITE_OFFS_NEVER_PRICED)]
    assert (sum(one.lines for one in off), sum(one.quantity for one in off)) == by_sql.execute(WRITTEN_OFF).fetchone()
    back = [one for bucket, one in planned.tallies.items() if bucket.startswith(("returned_", "credited_"))]
    sums = (sum(one.lines for one in back), sum(one.quantity for one in back), sum(one.amount_minor for one in back))
    assert sums == by_sql.execute(CREDITED).fetchone()
    assert len(planned.orders) == by_sql.execute(INVOICED).fetchone()[0] == 561


async def test_the_real_week_goes_through_the_shop_and_a_second_time_changes_nothing(
    shop: Shop, real_week: Path
) -> None:
    summary = await import_online_retail(shop, real_week, lambda *_: None)
    assert summary.problems == ()
    before = await everything(shop)
    again = await import_online_retail(shop, real_week, lambda *_: None)
    assert await everything(shop) == before
    async with shop.db.pool.acquire() as connection:
        sold = await connection.fetchval(
            "SELECT sum(quantity * unit_price_minor)::bigint FROM orders.order_items WHERE kind = 'goods'"
        )
        paid = await connection.fetchval("SELECT count(*) FROM orders.orders WHERE status = 'PAID'")
    assert (sold, paid) == (GBP_SOLD_MINOR, summary.orders)
    print(f"\n{summary.lines} lines, {summary.orders} orders: {summary.seconds} s; again: {again.seconds} s")
