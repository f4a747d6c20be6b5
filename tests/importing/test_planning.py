"""What becomes of every line is decided before anything is written, and nothing is left out."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.importing.week import TALLIES, written
from tradewind.app.importing.buckets import MEANING, UNMATCHED, Bucket, sort, tally
from tradewind.app.importing.plan import Plan, order_id, plan
from tradewind.app.importing.reading import Row, read

AT = datetime(2011, 1, 3, 8, 26, tzinfo=UTC)
LAMP = Row(
    line=2,
    invoice="600001",
    code="10001",
    description="LAMP",
    quantity=1,
    at=AT,
    price_minor=250,
    customer="501",
    country="France",
)
ROWS = st.lists(
    st.builds(
        replace,
        st.just(LAMP),
        invoice=st.sampled_from(("600001", "600002", "C600003", "C600004", "A600005")),
        code=st.sampled_from(("10001", "10002A", "POST", "DOT", "D", "M")),
        description=st.sampled_from(("LAMP", "")),
        quantity=st.integers(-20, 20),
        price_minor=st.integers(-5, 300),
        customer=st.sampled_from(("501", "502", "")),
        at=st.sampled_from((AT, AT.replace(day=4))),
    ),
    min_size=1,
    max_size=40,
).map(lambda rows: [replace(row, line=line) for line, row in enumerate(rows, 2)])


def the_week(folder: Path) -> Plan:
    return plan(read(written(folder)))


def test_every_line_of_the_made_up_week_is_in_the_bucket_counted_by_hand(tmp_path: Path) -> None:
    tallies = the_week(tmp_path).tallies
    found = {bucket.value: (one.lines, one.quantity, one.amount_minor) for bucket, one in tallies.items()}
    assert found == TALLIES
    assert {bucket.value for bucket in Bucket} == set(TALLIES)


def test_every_bucket_says_what_is_done_with_it() -> None:
    assert set(MEANING) == set(Bucket)
    assert set(UNMATCHED) | set(UNMATCHED.values()) <= set(Bucket)


@given(ROWS)
def test_whatever_the_lines_are_each_lands_in_exactly_one_bucket_and_no_penny_is_lost(rows: list[Row]) -> None:
    tallies = tally(rows, sort(rows))
    assert sum(one.lines for one in tallies.values()) == len(rows)
    assert sum(one.quantity for one in tallies.values()) == sum(row.quantity for row in rows)
    assert sum(one.amount_minor for one in tallies.values()) == sum(row.amount_minor for row in rows)


def test_an_invoice_becomes_an_order_of_its_day_with_shipping_discount_and_fees(tmp_path: Path) -> None:
    orders = {order.invoice: order for order in the_week(tmp_path).orders}
    assert list(orders) == ["600001", "600002", "600003", "600009", "600017"]
    first, guest, with_fee = orders["600001"], orders["600002"], orders["600003"]
    assert (first.id, first.user_id, first.country) == (order_id("600001"), "retail:501", "GB")
    assert (first.placed_at, first.shipping_minor, first.total_minor) == (AT, 1800, 4300)
    assert [line.sku for line in first.lines] == ["10001", "10002A", "10001"]
    assert (guest.user_id, guest.discount_minor, guest.total_minor) == ("retail:guest:600002", 90, 900)
    assert [(line.sku, line.kind, line.price_minor) for line in with_fee.lines] == [
        ("10001", "goods", 275),
        ("M", "fee", 500),
        ("10003", "goods", 0),
    ]


def test_the_price_of_a_day_is_the_one_of_most_of_its_lines(tmp_path: Path) -> None:
    products = {product.sku: product for product in the_week(tmp_path).products}
    assert set(products) == {"10001", "10002A", "10003"}
    lamp, tray = products["10001"], products["10002A"]
    assert [(point.since.day, point.minor) for point in lamp.prices] == [(3, 250), (4, 310)]
    assert lamp.name == 'LAMP, "BRASS"'
    assert [(point.since.day, point.minor) for point in tray.prices] == [(3, 125)]


def test_opening_stock_is_what_is_sold_given_and_written_off(tmp_path: Path) -> None:
    planned = the_week(tmp_path)
    assert {one.sku: one.delta for one in planned.opening} == {"10001": 10 + 5, "10002A": 15, "10003": 4}
    assert {one.reference for one in planned.opening} == {
        f"online-retail:opening:2011-01-03/2011-01-04:{sku}" for sku in ("10001", "10002A", "10003")
    }
    assert [(one.sku, one.delta) for one in planned.write_offs] == [("10001", -5)]


def test_a_return_goes_to_the_latest_earlier_order_of_the_customer_that_has_enough_left(tmp_path: Path) -> None:
    returns = {(one.credit_note, one.order_id): one for one in the_week(tmp_path).returns}
    assert {key: one.amount_minor for key, one in returns.items()} == {
        ("C600010", order_id("600001")): 750,
        ("C600010", order_id("600009")): 100,
        ("C600013", order_id("600009")): 1950,
    }
    (back,) = returns["C600010", order_id("600001")].goods
    assert (back.sku, back.delta, back.reference) == ("10001", 3, "online-retail:C600010/600001:10001")


def test_no_order_gives_back_more_goods_or_money_than_it_took() -> None:
    credit = replace(LAMP, invoice="C600003", quantity=-1, line=4)
    bought = [replace(LAMP, quantity=2)]
    rows = [*bought, *(replace(credit, line=line) for line in (4, 5, 6))]
    tallies = plan(rows).tallies
    assert tallies[Bucket.RETURNED_GOODS].lines == 2
    assert tallies[Bucket.RETURNED_GOODS_UNMATCHED].lines == 1
    dearer = plan([*bought, replace(credit, price_minor=501)]).tallies
    assert dearer[Bucket.RETURNED_GOODS_UNMATCHED].amount_minor == -501
    later = plan([*bought, replace(credit, at=AT.replace(day=2))]).tallies
    assert later[Bucket.RETURNED_GOODS_UNMATCHED].lines == 1


def test_a_second_plan_of_the_same_file_is_the_same(tmp_path: Path) -> None:
    assert the_week(tmp_path) == the_week(tmp_path)
