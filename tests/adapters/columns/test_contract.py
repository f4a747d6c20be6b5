"""What every store of columns must do, whichever engine it is. An adapter that is added here must pass all of it."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

from tests.adapters.columns.rows import NOON, WHOLE, a_payment
from tradewind.kernel.ids import new_id
from tradewind.ports.columns import Batch, Columns, Grain, PaymentFact, Revenue

DAY = NOON.replace(hour=0, minute=0, second=0, microsecond=0)


async def test_nothing_was_put_and_nothing_is_found(columns: Columns) -> None:
    assert list(await columns.revenue(*WHOLE, Grain.DAY)) == []


async def test_what_is_put_twice_counts_once(columns: Columns) -> None:
    batch = Batch(payments=(a_payment(1250), a_payment(1, movement="REFUNDED")))
    for _ in range(3):
        await columns.put(batch)
    await columns.put(Batch(payments=batch.payments[:1]))
    assert list(await columns.revenue(*WHOLE, Grain.DAY)) == [Revenue(DAY, "EUR", 1250, 1, 1, 1)]


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
