"""What is summed up of days that are over, whichever engine the columns are on: right in the end, whatever happens."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import pytest

from tests.adapters.columns.conftest import Counted
from tests.adapters.columns.rows import a_step, an_order
from tests.shops import Shop, a_call
from tradewind.contexts.analytics._store.daily_sales import look_longer
from tradewind.contexts.analytics._store.staged import stage
from tradewind.contexts.analytics.list_daily_sales.query import DailySalesView, ListDailySales
from tradewind.contexts.analytics.load_columns.timer import load_columns
from tradewind.contexts.analytics.manifest import rebuild_columns
from tradewind.contexts.analytics.sum_up_sales.batch import MAX_DAYS, Asked, SummedUp, batches, sum_up_sales
from tradewind.contexts.analytics.sum_up_sales.timer import sum_up_what_is_due
from tradewind.contexts.analytics.summarize_sales.query import SalesSummary, SummarizeSales
from tradewind.contracts.orders import OrderPaid
from tradewind.contracts.privacy import Pseudonyms
from tradewind.kernel.clock import now
from tradewind.kernel.money import Money
from tradewind.ports.columns import Batch, Columns, DailySales
from tradewind.runtime import failpoints
from tradewind.runtime.call import internal_call

MANAGER: Final = a_call("merchandiser")
FIGURES: Final = """
    SELECT day, currency, orders, paid, called_off, customers, pieces, total_minor FROM analytics.daily_sales
    ORDER BY day, currency
"""
COMPUTED: Final = "SELECT day, computed_at FROM analytics.sales_day ORDER BY day"
AGED: Final = """
    UPDATE analytics.sales_day SET computed_at = computed_at - $1::interval, look_until = look_until - $1::interval
"""
HOURS: Final = timedelta(hours=2)
WEEK: Final = timedelta(days=8)
"""Longer than a day is looked at again."""
BOUNDARIES: Final = ("analytics.before_summing_up", "analytics.while_summing_up", "analytics.after_summing_up")


def day(ago: int) -> date:
    return now().date() - timedelta(days=ago)


def on(ago: int) -> datetime:
    """Noon of a day that is over; the last one may not be, a quarter of an hour after midnight."""
    return datetime.combine(day(ago), time(12), UTC)


@pytest.fixture
def counting(shop: Shop, columns: Counted) -> Shop:
    """A shop that does no work by itself, whose columns are on this engine."""
    peers: Any = shop.db.peers
    peers[Columns] = columns
    return shop


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints.arm({})


async def summed_up(shop: Shop, *, again: bool = False, asked: Asked | None = None) -> list[SummedUp]:
    columns: Any = shop.db.peers[Columns]
    return [one async for one in batches(shop.db, columns, asked or Asked(), again=again)]


async def figures(shop: Shop) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await shop.db.pool.fetch(FIGURES)]


async def computed(shop: Shop) -> dict[date, datetime]:
    return {row["day"]: row["computed_at"] for row in await shop.db.pool.fetch(COMPUTED)}


async def three_days(columns: Columns) -> None:
    """Two days with orders, of two currencies, paid, called off and waiting; none on the day between them."""
    paid, off, waiting = (an_order(valid_from=on(4), pieces=3, total_minor=700, customer_key=who) for who in "abb")
    yen = an_order(valid_from=on(2), currency="JPY", total_minor=9)
    steps = (a_step(paid.order_id, "PAID", at=on(4)), a_step(off.order_id, "CANCELED", at=on(3)))
    await columns.put(Batch(orders=(paid, off, waiting, yen, an_order(valid_from=on(2))), steps=steps))


async def test_each_day_is_what_the_summary_on_demand_says_of_it(counting: Shop, columns: Counted) -> None:
    await three_days(columns)
    await columns.put(Batch(orders=(an_order(valid_from=now()),)))
    await summed_up(counting)
    page = await counting.dispatch(ListDailySales(), MANAGER)
    assert [(one.day, one.currency) for one in page.items] == [(day(2), "JPY"), (day(2), "EUR"), (day(4), "EUR")]
    for ago in (2, 3, 4):
        begin = datetime.combine(day(ago), time.min, UTC)
        asked = SummarizeSales(since=begin, until=begin + timedelta(days=1))
        on_demand: SalesSummary = await counting.dispatch(asked, MANAGER)
        assert [without_day(one) for one in reversed(page.items) if one.day == day(ago)] == [
            {name: getattr(one, name) for name in one.__struct_fields__} for one in on_demand.currencies
        ]


def without_day(one: DailySalesView) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__ if name not in ("day", "computed_at")}


async def test_a_second_run_finds_nothing_to_do_and_anew_gives_the_same(counting: Shop, columns: Counted) -> None:
    await three_days(columns)
    (first, nothing) = await summed_up(counting)
    assert (list(first.days)[:3], first.rows, list(nothing.days)) == ([day(4), day(3), day(2)], 3, [])
    before, then = await figures(counting), await computed(counting)
    assert before == [
        (day(4), "EUR", 3, 1, 1, 2, 6, 1400),
        (day(2), "EUR", 1, 0, 0, 1, 1, 100),
        (day(2), "JPY", 1, 0, 0, 1, 1, 9),
    ]
    assert [list(one.days) for one in await summed_up(counting)] == [[]]
    assert await computed(counting) == then
    anew = await summed_up(counting, again=True, asked=Asked(until=day(3)))
    assert [list(one.days) for one in anew] == [[day(4)], []]
    assert await figures(counting) == before
    assert {one for one, at in (await computed(counting)).items() if at > then[one]} == {day(4)}


@pytest.mark.parametrize("boundary", BOUNDARIES)
async def test_broken_off_anywhere_the_next_run_makes_it_right(counting: Shop, columns: Counted, boundary: str) -> None:
    await three_days(columns)
    failpoints.arm({boundary: "raise"})
    with pytest.raises(failpoints.FailpointHit):
        await summed_up(counting)
    written = boundary == "analytics.after_summing_up"
    assert len(await figures(counting)) == (3 if written else 0)
    assert bool(await computed(counting)) == written, "days and rows are written together"
    await summed_up(counting)
    assert [row[:3] for row in await figures(counting)] == [(day(4), "EUR", 3), (day(2), "EUR", 1), (day(2), "JPY", 1)]


async def test_several_at_once_leave_one_set_of_rows(counting: Shop, columns: Counted) -> None:
    await three_days(columns)
    await asyncio.gather(*(summed_up(counting, again=True) for _ in range(4)))
    assert [row[:3] for row in await figures(counting)] == [(day(4), "EUR", 3), (day(2), "EUR", 1), (day(2), "JPY", 1)]


class Paused:
    """Columns whose answer is on its way until it is let go."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        self.first_order = columns.first_order

    async def daily_sales(self, since: datetime, until: datetime) -> Sequence[DailySales]:
        found = await self._columns.daily_sales(since, until)
        self.asked.set()
        await self.go.wait()
        return found


async def test_who_was_paused_with_old_figures_does_not_put_them_over_newer_ones(
    counting: Shop, columns: Counted
) -> None:
    order = an_order(valid_from=on(2))
    await columns.put(Batch(orders=(order,)))
    paused: Any = Paused(columns)
    late = asyncio.create_task(sum_up_sales(counting.db, paused))
    await paused.asked.wait()
    await columns.put(Batch(steps=(a_step(order.order_id, "PAID"),)))
    await summed_up(counting)
    newer = await computed(counting)
    paused.go.set()
    assert (await late).rows == 0
    assert await figures(counting) == [(day(2), "EUR", 1, 1, 0, 1, 1, 100)]
    assert await computed(counting) == newer


async def test_a_late_payment_changes_the_row_until_a_week_is_over(counting: Shop, columns: Counted) -> None:
    first, second = an_order(valid_from=on(2)), an_order(valid_from=on(2))
    await columns.put(Batch(orders=(first, second)))
    await summed_up(counting)
    await columns.put(Batch(steps=(a_step(first.order_id, "PAID", at=now()),)))
    assert not (await summed_up(counting))[0].days, "the figures of an hour hold"
    before = (await computed(counting))[day(2)]
    await counting.db.pool.execute(AGED, HOURS)
    assert await sum_up_what_is_due(counting.db) > 0
    assert await figures(counting) == [(day(2), "EUR", 2, 1, 0, 1, 2, 200)]
    assert (await computed(counting))[day(2)] > before
    await columns.put(Batch(orders=(an_order(valid_from=on(12)),)))
    await columns.put(Batch(steps=(a_step(second.order_id, "CANCELED", at=now()),)))
    await summed_up(counting)
    await counting.db.pool.execute(AGED, HOURS)
    (recent, _) = await summed_up(counting)
    assert day(2) in recent.days
    assert day(12) not in recent.days, "it was summed up more than a week after its end, and has settled"
    assert (await figures(counting))[-1] == (day(2), "EUR", 2, 1, 1, 1, 1, 100)


async def test_orders_of_a_settled_day_that_come_late_open_it_for_another_week(
    counting: Shop, columns: Counted
) -> None:
    await columns.put(Batch(orders=(an_order(valid_from=on(20)),)))
    await summed_up(counting)
    late = an_order(valid_from=on(20))
    async with counting.db.transaction(internal_call("test")) as tx:
        stage(tx, Batch(orders=(late, an_order(valid_from=now()))), now())
    await load_columns(counting.db)
    await counting.db.pool.execute(AGED, HOURS)
    (done, _) = await summed_up(counting)
    assert day(20) in done.days
    assert (await figures(counting))[0][:3] == (day(20), "EUR", 2)
    await counting.db.pool.execute(AGED, HOURS)
    assert day(20) in (await summed_up(counting))[0].days, "its orders are still to be paid"
    await counting.db.pool.execute(AGED, WEEK)
    await summed_up(counting)
    await counting.db.pool.execute(AGED, HOURS)
    assert day(20) not in (await summed_up(counting))[0].days


async def test_days_without_a_run_are_caught_up_with_some_at_a_time(counting: Shop, columns: Counted) -> None:
    await columns.put(Batch(orders=(an_order(valid_from=on(70)), an_order(valid_from=on(69)))))
    done = await summed_up(counting, asked=Asked(until=day(2)))
    assert [len(one.days) for one in done] == [MAX_DAYS, MAX_DAYS, 68 - 2 * MAX_DAYS, 0]
    assert [row[:2] for row in await figures(counting)] == [(day(70), "EUR"), (day(69), "EUR")]
    assert len(await computed(counting)) == 68, "days on which nothing was ordered are done as well"
    await columns.put(Batch(orders=(an_order(valid_from=on(100)),)))
    (older, *_) = await summed_up(counting)
    assert older.days[0] == day(100)
    assert len(older.days) == 30, "as far as those that were done"


async def test_days_that_lie_far_apart_are_not_asked_for_in_one_question(counting: Shop, columns: Counted) -> None:
    await columns.put(Batch(orders=(an_order(valid_from=on(70)), an_order(valid_from=on(2)))))
    await summed_up(counting)
    async with counting.db.transaction(internal_call("test")) as tx:
        await look_longer(tx, [day(70)])
    await counting.db.pool.execute(AGED, HOURS)
    (old, recent, _) = await summed_up(counting)
    assert list(old.days) == [day(70)]
    assert day(2) in recent.days


async def test_a_currency_in_which_nothing_is_left_of_a_day_has_no_row(counting: Shop, columns: Counted) -> None:
    order = an_order(valid_from=on(2), currency="JPY")
    await columns.put(Batch(orders=(order,)))
    await summed_up(counting)
    edited = an_order(order_id=order.order_id, version=2, valid_from=on(2), currency="EUR", total_minor=5)
    await columns.put(Batch(orders=(edited,)))
    await summed_up(counting, again=True)
    assert await figures(counting) == [(day(2), "EUR", 1, 0, 0, 1, 1, 5)]


async def test_a_day_waits_for_what_is_staged_and_those_before_do_not(counting: Shop, columns: Counted) -> None:
    order = an_order(valid_from=on(4))
    await columns.put(Batch(orders=(order, an_order(valid_from=on(5)))))
    async with counting.db.transaction(internal_call("test")) as tx:
        stage(tx, Batch(steps=(a_step(order.order_id, "PAID", at=on(4)),)), on(4))
    (done, rest) = await summed_up(counting)
    assert list(done.days) == [day(5)]
    assert (rest.waiting[0], rest.loaded_until) == (day(4), on(4))
    await load_columns(counting.db)
    await summed_up(counting)
    assert await figures(counting) == [(day(5), "EUR", 1, 0, 0, 1, 1, 100), (day(4), "EUR", 1, 1, 0, 1, 1, 100)]


async def test_a_day_waits_for_what_was_told_and_not_heard_yet(counting: Shop, columns: Counted) -> None:
    order = an_order(valid_from=on(4))
    await columns.put(Batch(orders=(order,)))
    async with counting.db.transaction(internal_call("test")) as tx:
        tx.tell(
            OrderPaid(order_id=order.order_id, user_id="ada", total_amount=Money(100, "EUR").amount, currency="EUR")
        )
    await counting.db.pool.execute("UPDATE runtime.outbox SET occurred_at = $1", on(4))
    (nothing,) = await summed_up(counting)
    assert (list(nothing.days), nothing.waiting[0], nothing.loaded_until) == ([], day(4), on(4))
    assert await figures(counting) == []
    heard = "INSERT INTO runtime.position SELECT 'analytics.gather', stamp, position FROM runtime.outbox"
    await counting.db.pool.execute(heard)
    await summed_up(counting)
    assert await figures(counting) == [(day(4), "EUR", 1, 0, 0, 1, 1, 100)]


async def test_nothing_is_summed_up_while_the_columns_are_counted_anew(counting: Shop, columns: Counted) -> None:
    await three_days(columns)
    await summed_up(counting)
    before = await figures(counting)
    pseudonyms: Any = counting.db.peers[Pseudonyms]

    class Dies:
        """Columns that are empty when whoever counts them anew dies."""

        async def clear(self) -> None:
            await columns.clear()
            raise failpoints.FailpointHit

    dying: Any = Dies()
    with pytest.raises(failpoints.FailpointHit):
        await rebuild_columns([counting.db], dying, pseudonyms)
    await columns.put(Batch(orders=(an_order(valid_from=on(4)),)))
    (nothing,) = await summed_up(counting, again=True)
    assert (list(nothing.days), nothing.rebuilding, nothing.waiting[0]) == ([], True, day(4))
    assert await figures(counting) == before
    await rebuild_columns([counting.db], columns, pseudonyms)
    await three_days(columns)
    (anew, _) = await summed_up(counting)
    assert list(anew.days)[:3] == [day(4), day(3), day(2)], "whatever was summed up before counts for nothing"


async def test_figures_from_before_the_columns_were_counted_anew_are_not_written(
    counting: Shop, columns: Counted
) -> None:
    await columns.put(Batch(orders=(an_order(valid_from=on(2)),)))
    paused: Any = Paused(columns)
    late = asyncio.create_task(sum_up_sales(counting.db, paused))
    await paused.asked.wait()
    pseudonyms: Any = counting.db.peers[Pseudonyms]
    await rebuild_columns([counting.db], columns, pseudonyms)
    paused.go.set()
    assert (await late).rows == 0
    assert await computed(counting) == {}


async def test_what_open_transactions_may_still_tell_is_not_taken_for_told(counting: Shop, columns: Counted) -> None:
    await columns.put(Batch(orders=(an_order(valid_from=on(2)),)))
    async with counting.db.pool.acquire() as connection, connection.transaction():
        began: datetime = await connection.fetchval("SELECT now()")
        (done, _) = await summed_up(counting)
        assert done.loaded_until == began
    (again,) = await summed_up(counting)
    assert again.loaded_until is not None
    assert again.loaded_until > began
