"""Reading a settlement detail report: what counts, whose it is, and where it cannot be read."""

from datetime import UTC, datetime

import pytest

from tradewind.adapters.payment_provider.adyen.settlements import COLUMNS, lines_in
from tradewind.adapters.payment_provider.lined import Line
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.money import Money

ORDER, MARK = "01a22469-922d-7754-b3a1-027e2c9135b7", "f" * 40
ROW = dict(
    zip(COLUMNS, ("Mine", "PSP1", f"{ORDER}.{MARK}", "2026-11-28 00:30:00", "CET", "Settled", "EUR", "", "12.50"),
        strict=True)
)  # fmt: skip


def report(*rows: dict[str, str]) -> str:
    return "\r\n".join([",".join(COLUMNS), *(",".join({**ROW, **row}.values()) for row in rows)])


def read(*rows: dict[str, str]) -> list[Line]:
    return list(lines_in(report(*rows), "Mine", 7))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"Gross Credit (GC)": "1O.00"}, "column Gross Credit (GC): '1O.00' is no amount"),
        ({"Gross Credit (GC)": "-1"}, "column Gross Credit (GC): '-1' is no amount"),
        ({"Gross Credit (GC)": "NaN"}, "column Gross Credit (GC): 'NaN' is no amount"),
        ({"Gross Credit (GC)": "1.005"}, "column Gross Credit (GC): '1.005' is no amount"),
        ({"Gross Debit (GC)": "?"}, "column Gross Debit (GC): '?' is no amount"),
        ({"Gross Currency": "euro"}, "column Gross Currency: 'euro' is no currency"),
        ({"TimeZone": "Mars"}, "column TimeZone: 'Mars' is not known"),
        ({"Creation Date": "28.11.2026"}, "column Creation Date: '28.11.2026' is no time"),
        ({"Merchant Reference": "", "Psp Reference": ""}, "column Merchant Reference: it is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_by_line_and_column(row: dict[str, str], says: str) -> None:
    with pytest.raises(Unavailable) as refused:
        read({}, row)
    assert refused.value.detail == f"The settlement report of adyen cannot be read: batch 7, line 3, {says}."


def test_a_report_without_a_column_or_with_a_torn_line_is_refused() -> None:
    for text, says in (
        (report({}).replace("TimeZone", "Zone"), "batch 7, line 1: there is no column TimeZone."),
        ("", "batch 7, line 1: there is no column Merchant Account."),
        (report({}) + "\r\nMine,PSP", "batch 7, line 3, column Type: the line is too short."),
        (report({}) + '\r\n"Mine', "batch 7, line 2: unexpected end of data."),
    ):
        with pytest.raises(Unavailable) as refused:
            list(lines_in(text, "Mine", 7))
        assert refused.value.detail.endswith(says)


def test_money_that_was_taken_or_given_back_counts_and_nothing_else() -> None:
    lines = read(
        {},
        {"Type": "Refunded", "Gross Debit (GC)": "2.50", "Gross Credit (GC)": ""},
        {"Type": "RefundedReversed", "Gross Credit (GC)": "2.50"},
        {"Type": "Chargeback", "Gross Debit (GC)": "12.50", "Gross Credit (GC)": ""},
        {"Type": "MerchantPayout", "Gross Currency": "", "Creation Date": ""},
        {"Type": "Fee"},
        {"Merchant Account": "Theirs"},
    )
    assert [(one.operation, one.amount.minor) for one in lines] == [
        ("capture", 1250), ("refund", 250), ("refund", -250), ("refund", 1250),
    ]  # fmt: skip
    assert {one.reference for one in lines} == {ORDER}
    assert lines[0].at == datetime(2026, 11, 27, 23, 30, tzinfo=UTC)


def test_amounts_are_of_their_currency_and_strangers_keep_their_names() -> None:
    yen, theirs, nameless = read(
        {"Gross Currency": "JPY", "Gross Credit (GC)": "1250"},
        {"Merchant Reference": "a.b"},
        {"Merchant Reference": ""},
    )
    assert yen.amount == Money(1250, "JPY")
    assert (theirs.reference, nameless.reference) == ("a.b", "PSP1")
