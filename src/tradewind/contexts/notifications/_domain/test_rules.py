"""Quiet hours, retries, and every template in every language."""

from datetime import UTC, datetime, timedelta

import pytest

from tradewind.contexts.notifications._domain.messages import MARKETING, Channel, Kind, message_id
from tradewind.contexts.notifications._domain.rendering import LANGUAGES, SAMPLE, language_of, render, sample
from tradewind.contexts.notifications._domain.timing import MAX_ATTEMPTS, is_quiet, not_before, retry_after


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_every_message_is_written_in_every_language_plain_and_in_html(kind: Kind, language: str) -> None:
    said = render(kind, language, sample(kind))
    assert said.subject.strip()
    assert "<" not in said.text
    assert said.html.count("<html") == said.html.count("</html>") == 1
    assert "{{" not in said.subject + said.text + said.html
    assert said.brief in said.text.replace("\n\n", "\n") or kind in MARKETING
    assert ("/unsubscribe?" in said.text) == ("/unsubscribe?" in said.html) == (kind in MARKETING)


def test_what_a_fact_says_is_text_and_never_markup() -> None:
    said = render(Kind.ORDER_SHIPPED, "en", {**SAMPLE, "tracking": "<b>&{{shop}}"})
    assert "<b>&{{shop}}" in said.text
    assert "<b>&" not in said.html
    assert "&lt;b&gt;&amp;" in said.html


def test_who_reads_another_language_is_written_to_in_english() -> None:
    assert [language_of(one) for one in ("de-CH", "de", "en-GB", "zh-Hant-TW", "")] == ["de", "de", "en", "en", "en"]


@pytest.mark.parametrize(
    ("at", "zone", "goes"),
    [
        ("2026-11-28T07:59", "UTC", "2026-11-28T08:00"),
        ("2026-11-28T08:00", "UTC", "2026-11-28T08:00"),
        ("2026-11-28T20:59", "UTC", "2026-11-28T20:59"),
        ("2026-11-28T21:00", "UTC", "2026-11-29T08:00"),
        ("2026-11-28T23:30", "Europe/Berlin", "2026-11-29T07:00"),
        ("2026-11-28T23:30", "America/Los_Angeles", "2026-11-28T23:30"),
        ("2026-03-28T22:00", "Europe/Berlin", "2026-03-29T06:00"),
    ],
)
def test_nobody_is_woken_where_they_live(at: str, zone: str, goes: str) -> None:
    moment, due = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (at, goes))
    assert not_before(moment, zone) == due


def test_quiet_hours_are_for_what_rings_and_for_what_nobody_asked_for() -> None:
    assert not is_quiet(Kind.ORDER_SHIPPED, Channel.EMAIL)
    assert is_quiet(Kind.CART_ABANDONED, Channel.EMAIL)
    assert is_quiet(Kind.ORDER_SHIPPED, Channel.SMS)
    assert is_quiet(Kind.ORDER_SHIPPED, Channel.PUSH)


def test_tries_are_further_and_further_apart_and_end() -> None:
    waits = [retry_after(attempt) for attempt in range(1, MAX_ATTEMPTS)]
    for number, wait in enumerate(waits):
        longest = timedelta(seconds=min(3600, 5 * 2**number))
        assert wait is not None
        assert longest / 2 <= wait <= longest
    assert retry_after(MAX_ATTEMPTS) is None


def test_a_message_has_the_same_id_whoever_makes_it_and_another_on_another_channel() -> None:
    ids = [message_id(Kind.ORDER_SHIPPED, "s", channel) for channel in (*Channel, *Channel)]
    assert len(set(ids)) == len(Channel)
