"""Money is exact, or it is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.money import MAX_MINOR, CurrencyMismatch, Money, NotMoney, total


@pytest.mark.parametrize(
    "amount",
    ["", "abc", "1.234", "NaN", "Infinity", "-Infinity", "1e999999", "1e-999999", "0." + "0" * 40 + "1", "9" * 40],
)
def test_what_cannot_be_exact_money_is_refused(amount: str) -> None:
    with pytest.raises(NotMoney):
        Money.parse(amount, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "E1R", "€"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(NotMoney):
        Money.parse("1.00", currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.5", "EUR", 1250), ("100", "JPY", 100), ("1.234", "KWD", 1234), ("-3", "EUR", -300)],
)
def test_the_minor_unit_is_the_currencys_own(amount: str, currency: str, minor: int) -> None:
    assert Money.parse(amount, currency) == Money(minor, currency)


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_is_written_is_what_is_read(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.amount, currency) == money
    assert Money.parse(str(money.amount), currency) == money


@given(st.lists(st.integers(-(10**9), 10**9)))
def test_sums_do_not_drift(minors: list[int]) -> None:
    assert total((Money(one, "EUR") for one in minors), "EUR") == Money(sum(minors), "EUR")


def test_amounts_of_two_currencies_do_not_add_up() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") + Money(1, "USD")


def test_an_amount_is_shown_with_the_digits_of_its_currency() -> None:
    assert [str(Money(n, c)) for n, c in ((5, "EUR"), (5, "JPY"), (5, "KWD"))] == ["0.05 EUR", "5 JPY", "0.005 KWD"]
    assert Money(250, "EUR").times(3).amount == Decimal("7.50")
