"""What goods are worth when they are given back."""

from hypothesis import given
from hypothesis import strategies as st

from tradewind.contexts.payments.refund_payment.goods import worth
from tradewind.contracts.orders import Bought, BoughtLine
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def bought(*lines: tuple[str, int, int], tax: int = 0, discount: int = 0, fee: int = 0) -> Bought:
    items = sum(quantity * minor for _, quantity, minor in lines) + fee
    return Bought(
        order_id=new_id(),
        user_id="ada",
        status="FULFILLED",
        lines=tuple(BoughtLine(sku=s, product_id=None, quantity=q, unit_price=eur(m)) for s, q, m in lines),
        items=eur(items),
        tax=eur(tax),
        discount=eur(discount),
        fulfilled_at=None,
    )


def test_a_part_of_an_order_brings_its_part_of_tax_and_discount() -> None:
    order = bought(("A", 3, 1000), ("B", 1, 7000), tax=1710, discount=1000)
    assert worth(order, {"A": 1}) == 1071
    assert worth(order, {"B": 1}) == 7497
    assert worth(order, {"A": 3, "B": 1}) == 10710


def test_a_fee_and_carriage_stay_paid_and_what_was_free_brings_nothing() -> None:
    assert worth(bought(("A", 2, 500), fee=300), {"A": 2}) == 1000
    assert worth(bought(("A", 2, 0)), {"A": 2}) == 0


lines_bought = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(1, 6), st.integers(0, 99_999)), min_size=1, max_size=6
)


@given(lines=lines_bought, tax=st.integers(0, 5_000), percent=st.integers(0, 100), data=st.data())
def test_however_it_comes_back_the_parts_add_up_to_the_cent(
    lines: list[tuple[str, int, int]], tax: int, percent: int, data: st.DataObject
) -> None:
    whole = sum(quantity * minor for _, quantity, minor in lines)
    order = bought(*lines, tax=tax if whole else 0, discount=whole * percent // 100)
    pieces = data.draw(st.permutations([sku for sku, quantity, _ in lines for _ in range(quantity)]))
    before: dict[str, int] = {}
    parts = 0
    for sku in pieces:
        after = {**before, sku: before.get(sku, 0) + 1}
        part = worth(order, after) - worth(order, before)
        assert part >= 0
        parts += part
        before = after
    assert parts == order.items.minor + order.tax.minor - order.discount.minor
