"""Days are UTC's, and over a little later than midnight."""

from datetime import UTC, date, datetime, timedelta, timezone

from tradewind.contexts.analytics._domain.days import begin, days_over, end, first_day_open

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
EAST = timezone(timedelta(hours=9))


def test_a_day_is_over_a_quarter_of_an_hour_after_midnight_in_utc() -> None:
    assert first_day_open(MIDNIGHT + timedelta(minutes=14, seconds=59)) == date(2026, 2, 28)
    assert first_day_open(MIDNIGHT + timedelta(minutes=15)) == date(2026, 3, 1)
    assert first_day_open(datetime(2026, 3, 1, 8, tzinfo=EAST)) == date(2026, 2, 28)


def test_a_day_has_its_first_moment_and_not_the_next_ones() -> None:
    assert (begin(date(2026, 2, 28)), end(date(2026, 2, 28))) == (MIDNIGHT - timedelta(days=1), MIDNIGHT)


def test_of_moments_before_today_each_day_is_named_once() -> None:
    late = MIDNIGHT - timedelta(microseconds=1)
    moments = (MIDNIGHT, late, late - timedelta(hours=1), late.astimezone(EAST), late - timedelta(days=9))
    assert days_over(moments, MIDNIGHT) == [date(2026, 2, 19), date(2026, 2, 28)]
