"""Reports as CSV: exact, quoted, and nothing that a spreadsheet would calculate."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tradewind.contexts.analytics._domain.csv_rows import csv_of
from tradewind.contexts.analytics.get_revenue.query import RevenueView
from tradewind.contexts.analytics.list_top_products.query import ProductSalesView


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1+1", "\n=1", '=HYPERLINK("http://x","y")']
)
def test_a_text_that_a_spreadsheet_would_calculate_begins_with_an_apostrophe(name: str) -> None:
    row = ProductSalesView(sku="A", name=name, category="", pieces=1, sales=Decimal("1.00"), orders=1)
    line = csv_of(ProductSalesView, [row]).decode().split("\r\n", 1)[1]
    assert "'" + name.split('"', maxsplit=1)[0] in line


def test_amounts_keep_their_digits_and_texts_with_commas_are_quoted() -> None:
    row = ProductSalesView(sku="A,1", name='"so"', category="x", pieces=2, sales=Decimal("1.10"), orders=1)
    assert csv_of(ProductSalesView, [row]) == (
        b'sku,name,category,pieces,sales,orders\r\n"A,1","""so""",x,2,1.10,1\r\n'
    )
    less = RevenueView(
        start=datetime(2026, 1, 1, tzinfo=UTC), currency="EUR", captured=Decimal("0.00"), refunded=Decimal("1.10"),
        net=Decimal("-1.10"), captures=0, refunds=1,
    )  # fmt: skip
    assert csv_of(RevenueView, [less]).endswith(b"2026-01-01T00:00:00+00:00,EUR,0.00,1.10,-1.10,0,1\r\n")
