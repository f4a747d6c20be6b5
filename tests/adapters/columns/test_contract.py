"""What every store of columns must do, whichever engine it is. An adapter that is added here must pass all of it."""

import asyncio
import fcntl
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.columns.conftest import Counted
from tests.adapters.columns.rows import NOON, WHOLE, a_cart, a_line, a_payment, a_product, a_step, an_order
from tradewind.adapters.columns import asking, duckdb
from tradewind.adapters.columns.clickhouse import ClickHouseColumns
from tradewind.adapters.columns.duckdb import DuckDbColumns
from tradewind.app.free_ports import free_port
from tradewind.kernel.ids import new_id
from tradewind.ports.columns import (
    Batch,
    CartsEnded,
    Columns,
    ColumnsAway,
    DailyRevenue,
    DailySales,
    Grain,
    PaymentFact,
    ProductSales,
    Revenue,
    Sales,
    TooManyRows,
)

DAY = NOON.replace(hour=0, minute=0, second=0, microsecond=0)


async def test_nothing_was_put_and_nothing_is_found(columns: Columns) -> None:
    assert list(await columns.revenue(*WHOLE, Grain.DAY)) == []


async def test_what_is_put_twice_counts_once(columns: Columns) -> None:
    batch = Batch(payments=(a_payment(1250), a_payment(1, movement="REFUNDED")))
    for _ in range(3):
        await columns.put(batch)
    await columns.put(Batch(payments=batch.payments[:1]))
    assert list(await columns.revenue(*WHOLE, Grain.DAY)) == [Revenue(DAY, "EUR", 1250, 1, 1, 1)]


async def test_what_never_came_or_went_back_takes_its_own_movement_away_again(columns: Columns) -> None:
    later = DAY + timedelta(days=1)
    never = (a_payment(-700, at=later), a_payment(-20, movement="REFUNDED", at=later))
    await columns.put(Batch(payments=(a_payment(700), a_payment(500), a_payment(20, movement="REFUNDED"), *never)))
    assert list(await columns.revenue(*WHOLE, Grain.DAY)) == [
        Revenue(DAY, "EUR", 1200, 20, 2, 1),
        Revenue(later, "EUR", -700, -20, -1, -1),
    ]
    await columns.put(Batch(payments=(a_payment(300, at=later),)))
    assert list(await columns.revenue(later, WHOLE[1], Grain.DAY)) == [Revenue(later, "EUR", -400, -20, 0, -1)]


async def test_batches_that_are_put_at_once_all_count(columns: Columns) -> None:
    batches = [Batch(payments=tuple(a_payment(1) for _ in range(50))) for _ in range(8)]
    await asyncio.gather(*(columns.put(batch) for batch in (*batches, *batches)))
    assert [one.captured_minor for one in await columns.revenue(*WHOLE, Grain.DAY)] == [400]


async def test_a_question_sees_every_put_that_has_returned(columns: Columns) -> None:
    for many in range(1, 6):
        await columns.put(Batch(payments=(a_payment(10),)))
        assert [one.captures for one in await columns.revenue(*WHOLE, Grain.DAY)] == [many]


async def test_money_is_summed_exactly_and_currencies_never_together(columns: Columns) -> None:
    most = 10**15
    payments = [*(a_payment(most) for _ in range(900)), a_payment(1), a_payment(1500, currency="JPY")]
    await columns.put(Batch(payments=tuple(payments)))
    assert [(one.currency, one.captured_minor) for one in await columns.revenue(*WHOLE, Grain.DAY)] == [
        ("EUR", 900 * most + 1),
        ("JPY", 1500),
    ]


async def test_a_period_holds_its_first_moment_and_not_its_last(columns: Columns) -> None:
    inside, outside = NOON, NOON + timedelta(microseconds=1)
    await columns.put(Batch(payments=(a_payment(1, at=inside), a_payment(10, at=outside))))
    (only,) = await columns.revenue(NOON, outside, Grain.MINUTE)
    assert only == Revenue(NOON.replace(second=0, microsecond=0), "EUR", 1, 0, 1, 0)


async def test_pieces_of_time_begin_on_the_minute_the_hour_and_the_day_in_utc(columns: Columns) -> None:
    east = timezone(timedelta(hours=9))
    moment = datetime(2026, 3, 2, 8, 59, 59, 999999, tzinfo=east)
    await columns.put(Batch(payments=(a_payment(1, at=moment),)))
    starts = {grain: (await columns.revenue(*WHOLE, grain))[0].start for grain in Grain}
    assert starts == {
        Grain.MINUTE: datetime(2026, 3, 1, 23, 59, tzinfo=UTC),
        Grain.HOUR: datetime(2026, 3, 1, 23, tzinfo=UTC),
        Grain.DAY: datetime(2026, 3, 1, tzinfo=UTC),
    }


async def test_an_answer_is_whole_or_refused(columns: Columns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MAX_ROWS", 2)

    async def move(currency: str) -> None:
        step = a_step(new_id(), "PAID", total=1, currency=currency)
        await columns.put(Batch(payments=(a_payment(1, currency=currency),), steps=(step,)))

    for many, currency in enumerate(("EUR", "USD"), 1):
        await move(currency)
        assert len(await columns.revenue(*WHOLE, Grain.DAY)) == many
        assert len(await columns.daily_revenue(*WHOLE)) == many
    await move("JPY")
    with pytest.raises(TooManyRows):
        await columns.revenue(*WHOLE, Grain.DAY)
    with pytest.raises(TooManyRows):
        await columns.daily_revenue(*WHOLE)


async def test_text_is_kept_as_it_is_whatever_it_looks_like(columns: Columns) -> None:
    odd = "x'; DROP TABLE fact_payments; --"
    await columns.put(Batch(payments=(PaymentFact(new_id(), new_id(), "CAPTURED", NOON, 5, odd),)))
    assert [one.currency for one in await columns.revenue(*WHOLE, Grain.DAY)] == [odd]


async def test_after_clearing_there_is_nothing_and_one_may_begin_anew(columns: Columns) -> None:
    batch = Batch(payments=(a_payment(7),))
    await columns.put(batch)
    await columns.clear()
    assert list(await columns.revenue(*WHOLE, Grain.DAY)) == []
    await columns.put(batch)
    assert [one.captured_minor for one in await columns.revenue(*WHOLE, Grain.DAY)] == [7]


async def test_daily_revenue_is_what_was_paid_and_what_of_it_was_called_off(columns: Columns) -> None:
    kept, off, unpaid = new_id(), new_id(), new_id()
    later = NOON + timedelta(days=1)
    steps = (
        a_step(kept, "PAID", total=1000, currency="EUR"),
        a_step(off, "PAID", total=500, currency="EUR"),
        a_step(off, "CANCELED", total=500, currency="EUR", at=later),
        a_step(unpaid, "CANCELED", total=900, currency="EUR", at=later),
        a_step(kept, "FULFILLED", at=later),
    )
    await columns.put(Batch(steps=steps))
    await columns.put(Batch(steps=steps[1:3]))
    assert list(await columns.daily_revenue(*WHOLE)) == [
        DailyRevenue(DAY, "EUR", 1500, 0, 2, 0),
        DailyRevenue(DAY + timedelta(days=1), "EUR", 0, 500, 0, 1),
    ]


async def test_top_products_are_of_the_newest_revision_of_orders_that_were_not_called_off(columns: Columns) -> None:
    lamp, rope = new_id(), new_id()
    first = an_order()
    edited = an_order(order_id=first.order_id, version=2, valid_from=NOON + timedelta(days=500))
    off = an_order()
    lines = (
        a_line(first, sku="LAMP", product_id=lamp, quantity=9),
        a_line(edited, sku="LAMP", product_id=lamp, quantity=2, unit_price_minor=250),
        a_line(edited, 1, sku="ROPE", product_id=rope, quantity=5),
        a_line(edited, 2, sku="POST", product_id=None, unit_price_minor=90),
        a_line(off, sku="ROPE", product_id=rope, quantity=100),
    )
    products = (
        a_product(lamp, name="An old lamp"),
        a_product(lamp, version=2, name="A new lamp"),
        a_product(lamp, version=3, name="", category="", status="DELETED"),
    )
    await columns.put(Batch(orders=(edited, off), lines=lines, products=products[1:]))
    await columns.put(Batch(orders=(first,), products=products[:1], steps=(a_step(off.order_id, "CANCELED"),)))
    await columns.put(Batch(orders=(first, edited), lines=lines, products=products))
    assert list(await columns.top_products(*WHOLE, "EUR", 10)) == [
        ProductSales("LAMP", "A new lamp", "lamps", 2, 500, 1),
        ProductSales("ROPE", "", "", 5, 500, 1),
        ProductSales("POST", "", "", 1, 90, 1),
    ]
    assert [one.sku for one in await columns.top_products(*WHOLE, "EUR", 1)] == ["LAMP"]
    assert list(await columns.top_products(*WHOLE, "JPY", 10)) == []


async def test_sales_count_all_orders_and_sum_those_that_were_not_called_off(columns: Columns) -> None:
    paid, waiting, off = an_order(pieces=3, total_minor=700), an_order(total_minor=50), an_order(customer_key="bob")
    yen = an_order(currency="JPY", total_minor=9)
    steps = (a_step(paid.order_id, "PAID"), a_step(off.order_id, "PAID"), a_step(off.order_id, "FAILED"))
    for _ in range(2):
        await columns.put(Batch(orders=(paid, waiting, off, yen), steps=steps))
    assert list(await columns.sales(*WHOLE)) == [Sales("EUR", 3, 2, 1, 2, 4, 750), Sales("JPY", 1, 0, 0, 1, 1, 9)]


async def test_sales_of_each_day_are_those_of_its_period_and_days_without_any_are_left_out(columns: Columns) -> None:
    last, first, later = DAY + timedelta(days=1, microseconds=-1), DAY, DAY + timedelta(days=2)
    early, late = an_order(valid_from=first), an_order(valid_from=last, pieces=3, total_minor=700)
    edited = an_order(order_id=early.order_id, version=2, valid_from=later, pieces=2, total_minor=60)
    yen = an_order(valid_from=last, currency="JPY", total_minor=9)
    others = [an_order(valid_from=later, customer_key=name) for name in ("ann", "bob", "")]
    steps = (a_step(late.order_id, "PAID", at=later), a_step(others[0].order_id, "CANCELED"))
    for _ in range(2):
        await columns.put(Batch(orders=(early, late, yen, *others), steps=steps))
        await columns.put(Batch(orders=(edited,)))
    found = await columns.daily_sales(DAY - timedelta(days=3), DAY + timedelta(days=3))
    assert list(found) == [
        DailySales(DAY, Sales("EUR", 2, 1, 0, 1, 5, 760)),
        DailySales(DAY, Sales("JPY", 1, 0, 0, 1, 1, 9)),
        DailySales(later, Sales("EUR", 3, 0, 1, 2, 2, 200)),
    ]
    for day in (DAY, later):
        alone = list(await columns.sales(day, day + timedelta(days=1)))
        assert [one.sales for one in found if one.day == day] == alone
    assert list(await columns.daily_sales(DAY, later)) == list(found[:2])


async def test_the_first_of_all_orders_is_told_whenever_it_came(columns: Columns) -> None:
    assert await columns.first_order() is None
    await columns.put(Batch(orders=(an_order(),)))
    await columns.put(Batch(orders=(an_order(valid_from=DAY), an_order())))
    assert await columns.first_order() == DAY


async def test_a_cart_that_became_an_order_after_all_was_not_abandoned(columns: Columns) -> None:
    back = a_cart("ABANDONED")
    await columns.put(Batch(carts=(back, a_cart("ABANDONED"), a_cart("EXPIRED"), a_cart("CHECKED_OUT"))))
    assert await columns.carts(*WHOLE) == CartsEnded(1, 3)
    late = a_cart("CHECKED_OUT", at=WHOLE[1])
    await columns.put(Batch(carts=(type(late)(late.event_id, back.cart_id, late.outcome, late.told_at),)))
    assert await columns.carts(*WHOLE) == CartsEnded(1, 2)


async def test_a_customer_who_is_forgotten_is_nobody_and_the_orders_stay(columns: Counted) -> None:
    await columns.put(Batch(orders=(an_order(customer_key="ann"), an_order(customer_key="bob"))))
    await columns.put(Batch(forgotten=("ann", "somebody else")))
    assert sorted(await columns.ask("SELECT customer_key FROM fact_orders")) == [("",), ("bob",)]
    assert list(await columns.sales(*WHOLE)) == [Sales("EUR", 2, 0, 0, 1, 2, 200)]


async def test_what_is_put_again_of_a_customer_who_was_forgotten_brings_nobody_back(columns: Counted) -> None:
    late = Batch(orders=(an_order(customer_key="ann"), an_order(customer_key="bob")))
    await columns.put(late)
    await columns.put(Batch(forgotten=("ann",)))
    await columns.put(late)
    assert sorted(await columns.ask("SELECT customer_key FROM fact_orders")) == [("",), ("bob",)]
    assert list(await columns.sales(*WHOLE)) == [Sales("EUR", 2, 0, 0, 1, 2, 200)]
    await columns.clear()
    await columns.put(late)
    assert sorted(await columns.ask("SELECT customer_key FROM fact_orders")) == [("ann",), ("bob",)]


async def test_every_date_of_a_century_has_its_row(columns: Counted) -> None:
    await columns.put(Batch())
    assert [tuple(map(int, row)) for row in await columns.ask(DATES)] == [(36525, 2000, 2099)]
    (row,) = await columns.ask(ONE_DATE)
    assert tuple(map(int, row)) == (2026, 4, 11, 48, 6)


DATES = "SELECT count(*), min(year), max(year) FROM dim_date"
ONE_DATE = "SELECT year, quarter, month, iso_week, iso_weekday FROM dim_date WHERE day = CAST('2026-11-28' AS DATE)"


async def test_a_server_that_is_away_is_told_by_the_ports_own_refusal() -> None:
    columns = ClickHouseColumns(f"http://127.0.0.1:{free_port('127.0.0.1')}", "away")
    with pytest.raises(ColumnsAway):
        await columns.put(Batch(payments=(a_payment(1),)))
    with pytest.raises(ColumnsAway):
        await columns.sales(*WHOLE)


async def test_a_file_that_is_broken_is_told_by_the_ports_own_refusal_and_clearing_mends_it(tmp_path: Path) -> None:
    columns = DuckDbColumns(tmp_path / "columns")
    batch = Batch(payments=(a_payment(1),))
    await columns.put(batch)
    (file,) = tmp_path.glob("*.duckdb")
    file.write_bytes(b"no columns" * 1000)
    with pytest.raises(ColumnsAway):
        await columns.put(batch)
    await columns.clear()
    await columns.put(batch)
    assert [one.captures for one in await columns.revenue(*WHOLE, Grain.DAY)] == [1]


async def test_askers_share_the_file_and_whoever_puts_waits_for_them_but_not_for_ever(
    tmp_path: Path, monkeypatch: Any
) -> None:
    columns = DuckDbColumns(tmp_path / "columns")
    await columns.put(Batch(payments=(a_payment(1),)))
    monkeypatch.setattr(duckdb, "LOCK_WITHIN_S", 0.05)
    (beside,) = tmp_path.glob("*.lock")
    with beside.open() as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert len(await columns.revenue(*WHOLE, Grain.DAY)) == 1
        with pytest.raises(ColumnsAway):
            await columns.put(Batch())
