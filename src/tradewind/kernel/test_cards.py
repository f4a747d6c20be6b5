"""A card number is told from other numbers, however it is written; ids and the numbers on goods are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.cards import checks_out, holds_card_number, looks_like_card_number
from tradewind.kernel.ids import new_id

CARDS = (
    "4111111111111111", "4242424242424242", "5555555555554444", "2223003122003222", "378282246310005",
    "6011111111111117", "3566002020360505", "36227206271667", "6200000000000005",
)  # fmt: skip


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("written", ["{}", "pay with {} please", "{}, 12/29", '{{"number": "{}"}}'])
@pytest.mark.parametrize("between", ["", " ", "-"])
def test_a_card_number_is_seen_in_free_text(card: str, written: str, between: str) -> None:
    parts = between.join(card[at : at + 4] for at in range(0, len(card), 4))
    assert holds_card_number(written.format(parts))
    assert looks_like_card_number(written.format(parts))


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("written", ["tok_{}", "{}1229", "x{}x", "simulated:{}", "pm-{}-1", "{} 12 29", "12 {}"])
def test_where_money_is_spoken_of_a_card_number_hides_nowhere(card: str, written: str) -> None:
    assert looks_like_card_number(written.format(card))


@pytest.mark.parametrize("text", ["4111111111111112", "411111111111", "0" * 12, "tok_visa", "pm_1NXW8i2eZvKYlo2C", ""])
def test_other_tokens_are_no_card_numbers(text: str) -> None:
    assert not looks_like_card_number(text)
    assert not holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    ["9783161484100", "4006381333931", "+4474123456789012", "1764342000000", "8515131751004933", "4.111111111111111"],
)
def test_numbers_of_goods_telephones_and_moments_are_none(text: str) -> None:
    assert not holds_card_number(text)


def test_our_own_ids_are_none() -> None:
    assert not any(holds_card_number(f'{{"id": "{new_id()}"}}') for _ in range(20_000))


@given(st.text("0123456789", min_size=12, max_size=18))
def test_every_number_has_exactly_one_digit_that_checks_it(digits: str) -> None:
    assert sum(checks_out(digits + last) for last in "0123456789") == 1


@given(st.text("0123456789", min_size=12, max_size=18), st.text(max_size=20), st.text(max_size=20))
def test_whatever_checks_out_is_seen_where_money_is_spoken_of(digits: str, before: str, after: str) -> None:
    number = next(digits + last for last in "0123456789" if checks_out(digits + last))
    assert looks_like_card_number(f"{before}|{number}|{after}")
