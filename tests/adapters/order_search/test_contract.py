"""What every search for orders must do, whichever engine it is. An adapter added here must pass all of it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from tests.adapters.order_lists.told import FIRST
from tests.adapters.order_search.conftest import Searched, after, an_order, ids
from tradewind.ports.order_search import Buyers, Found, Summary


async def test_where_nothing_was_bought_nothing_is_found(searched: Searched) -> None:
    assert await searched.find() == Found([], {})


async def test_an_order_shows_as_it_is_to_the_cent_and_the_microsecond(searched: Searched) -> None:
    order = an_order("x'; DROP TABLE orders; -- é", total=9_007_199_254_793, status="RESERVED", at=after(1))
    await searched.keep(order)
    assert await searched.find() == Found([order], {"RESERVED": 1})


async def test_the_newest_come_first_and_it_goes_on_behind_any_key_also_among_orders_of_one_moment(
    searched: Searched,
) -> None:
    orders = [an_order(at=after(number // 3)) for number in range(10)]
    await searched.keep(*orders)
    expected = sorted(((one.placed_at, one.order_id) for one in orders), reverse=True)
    walked, key = [], FIRST
    while page := (await searched.find(before=key, many=3)).orders:
        walked += [(one.placed_at, one.order_id) for one in page]
        key = walked[-1]
    assert walked == expected


@dataclass(frozen=True)
class Asked:
    """What is asked for, and which of the orders below it finds."""

    question: dict[str, Any]
    finds: str


def numbered(place: int) -> UUID:
    """Numbers that all begin alike."""
    return UUID(f"0199aaaa-000{place}-7000-8000-000000000000")


ORDERS = {
    "a": an_order("ann", order_id=numbered(1), at=after(1), status="PAID", total=500),
    "b": an_order("ann", order_id=numbered(2), at=after(2), status="CANCELED", total=1000),
    "c": an_order("bob", order_id=numbered(3), at=after(3), status="PAID", total=1000, currency="JPY"),
    "d": an_order("guest-1", order_id=numbered(4), at=after(4), status="FAILED", total=1500),
}
SKUS = {"a": ["LAMP"], "b": ["LAMP", "RUG"], "c": ["lamp"], "d": ["RUG", "CHAIR"]}


def from_to(first: UUID, last: UUID) -> dict[str, Any]:
    """All numbers in between."""
    return {"ids": (first, last)}


def beginning(order: Summary, digits: int) -> dict[str, Any]:
    """All numbers that begin like this one."""
    begins = order.order_id.hex[:digits]
    return from_to(UUID(begins.ljust(32, "0")), UUID(begins.ljust(32, "f")))


CASES = {
    "everything": Asked({}, "dcba"),
    "a number": Asked(beginning(ORDERS["b"], 32), "b"),
    "a number's beginning": Asked(beginning(ORDERS["b"], 8), "dcba"),
    "numbers up to one": Asked(from_to(UUID(int=0), ORDERS["a"].order_id), "a"),
    "one user": Asked({"buyers": Buyers(("ann",))}, "ba"),
    "a user, and an order whoever has it": Asked({"buyers": Buyers(("bob",), (ORDERS["d"].order_id,))}, "dc"),
    "nobody": Asked({"buyers": Buyers()}, ""),
    "a SKU to the letter": Asked({"skus": ("LAMP",)}, "ba"),
    "any of several SKUs": Asked({"skus": ("lamp", "CHAIR")}, "dc"),
    "no SKU at all": Asked({"skus": ()}, ""),
    "a status": Asked({"statuses": ("PAID",)}, "ca"),
    "any of several statuses": Asked({"statuses": ("FAILED", "CANCELED")}, "db"),
    "a currency": Asked({"currency": "JPY"}, "c"),
    "totals from": Asked({"currency": "EUR", "least_minor": 1000}, "db"),
    "totals up to": Asked({"currency": "EUR", "most_minor": 1000}, "ba"),
    "since, included": Asked({"since": after(3)}, "dc"),
    "until, left out": Asked({"until": after(3)}, "ba"),
    "all at once": Asked(
        {"skus": ("RUG",), "buyers": Buyers(("ann",)), "since": after(2), "statuses": ("CANCELED",)}, "b"
    ),
    "what does not hold at once": Asked({"skus": ("CHAIR",), "buyers": Buyers(("ann",))}, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
async def test_what_is_asked_for_is_found_and_nothing_else(searched: Searched, case: Asked) -> None:
    for name, order in ORDERS.items():
        await searched.keep(order, skus=SKUS[name])
    found = await searched.find(**case.question)
    assert ids(found) == [ORDERS[name].order_id for name in case.finds]


async def test_counts_are_of_all_that_is_asked_for_but_for_status_and_page(searched: Searched) -> None:
    for name, order in ORDERS.items():
        await searched.keep(order, skus=SKUS[name])
    key = (ORDERS["b"].placed_at, ORDERS["b"].order_id)
    found = await searched.find(statuses=("PAID",), before=key, many=1, currency="EUR")
    assert found == Found([ORDERS["a"]], {"PAID": 1, "CANCELED": 1, "FAILED": 1}, counted_all=True)
    assert (await searched.find(skus=("RUG",))).counts == {"CANCELED": 1, "FAILED": 1}


async def test_an_order_that_changes_is_found_as_it_is_now(searched: Searched) -> None:
    order = an_order("guest-1", status="PENDING_PAYMENT")
    await searched.keep(order, skus=["LAMP"])
    assert ids(await searched.find(skus=("LAMP",))) == [order.order_id]
    later = Summary(order.order_id, "ann", order.placed_at, "PAID", 700, "EUR")
    await searched.keep(later, skus=["RUG"])
    assert await searched.find(buyers=Buyers(("ann",)), skus=("RUG",)) == Found([later], {"PAID": 1})
    for gone in ({"skus": ("LAMP",)}, {"buyers": Buyers(("guest-1",))}, {"statuses": ("PENDING_PAYMENT",)}):
        assert ids(await searched.find(**gone)) == []


async def test_however_many_orders_there_are_they_are_counted_and_found(searched: Searched) -> None:
    await searched.keep(*(an_order(at=after(number), status=("PAID", "FAILED")[number % 2]) for number in range(1_200)))
    found = await searched.find(many=101)
    assert (len(found.orders), found.counts, found.counted_all) == (101, {"PAID": 600, "FAILED": 600}, True)
