"""Strategies: which warehouse comes first, and that the fewest parcels are the fewest."""

from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.contexts.inventory._domain.allocation import allocate
from tradewind.contexts.inventory._domain.strategies import fewest_parcels, nearest, priority
from tradewind.contexts.inventory._domain.warehouse import Warehouse
from tradewind.contracts.inventory import Wanted
from tradewind.kernel.ids import new_id


def a_place(code: str, **different: Any) -> Warehouse:
    return Warehouse(**{"code": code, "name": code, **different})


EUROPE = [
    a_place("LYON", country="FR", postal_code="69001", priority=1),
    a_place("BERLIN", country="DE", postal_code="10115", priority=50),
    a_place("MUNICH", country="DE", postal_code="80331", priority=40),
    a_place("POTSDAM", country="DE", postal_code="14467", priority=60),
    a_place("NOWHERE", priority=2),
]


@pytest.mark.parametrize(
    ("ship_to", "ranking"),
    [
        ({"country": "DE", "postalCode": "10117"}, ["BERLIN", "POTSDAM", "MUNICH", "LYON", "NOWHERE"]),
        ({"country": "DE", "postalCode": "14471"}, ["POTSDAM", "BERLIN", "MUNICH", "LYON", "NOWHERE"]),
        ({"country": "DE", "postalCode": "70173"}, ["MUNICH", "POTSDAM", "BERLIN", "LYON", "NOWHERE"]),
        ({"country": "DE"}, ["BERLIN", "POTSDAM", "MUNICH", "LYON", "NOWHERE"]),
        ({"country": "GB", "postalCode": "SW1A 1AA"}, ["LYON", "NOWHERE", "MUNICH", "BERLIN", "POTSDAM"]),
        (None, ["LYON", "NOWHERE", "MUNICH", "BERLIN", "POTSDAM"]),
    ],
)
def test_the_nearest_is_in_the_country_and_of_the_most_like_postal_code(
    ship_to: dict[str, str] | None, ranking: list[str]
) -> None:
    assert nearest(EUROPE)(Wanted(new_id(), {"A": 1}, ship_to), {}) == ranking


def test_priority_is_the_owners_word() -> None:
    ranking = priority(EUROPE)(Wanted(new_id(), {"A": 1}, {"country": "DE"}), {})
    assert ranking == ["LYON", "NOWHERE", "MUNICH", "BERLIN", "POTSDAM"]


def test_one_parcel_from_afar_is_better_than_two_from_favourites() -> None:
    stock = {"A": {"LYON": 9, "BERLIN": 1}, "B": {"NOWHERE": 9, "BERLIN": 1}}
    ((first, second),) = allocate(stock, [Wanted(new_id(), {"A": 1, "B": 1})], fewest_parcels(EUROPE))  # type: ignore[misc]
    assert (first.warehouse, second.warehouse) == ("BERLIN", "BERLIN")


CODES = [one.code for one in EUROPE]
SHELVES = st.dictionaries(st.sampled_from(CODES), st.integers(0, 6), min_size=1)


@given(st.dictionaries(st.sampled_from("ABC"), SHELVES, min_size=3), st.integers(1, 6), st.integers(1, 6))
def test_no_other_choice_of_places_makes_fewer_parcels(stock: dict[str, dict[str, int]], some: int, more: int) -> None:
    order = Wanted(new_id(), {"A": some, "B": more, "C": 1})
    (picks,) = allocate(stock, [order], fewest_parcels(EUROPE))
    every = chain.from_iterable(combinations(CODES, number) for number in range(1, len(CODES) + 1))
    enough = [len(one) for one in every if all(
        sum(stock[sku].get(code, 0) for code in one) >= quantity for sku, quantity in order.quantities.items()
    )]  # fmt: skip
    assert isinstance(picks, list) == bool(enough)
    if isinstance(picks, list):
        assert len({pick.warehouse for pick in picks}) == min(enough)


def test_of_very_many_places_those_that_hold_most_are_looked_at() -> None:
    many = [a_place(f"W{number:02}", priority=number) for number in range(40)]
    stock = {"A": {one.code: 1 for one in many} | {"W39": 20}}
    (picks,) = allocate(stock, [Wanted(new_id(), {"A": 21})], fewest_parcels(many))
    assert [(pick.warehouse, pick.quantity) for pick in picks] == [("W00", 1), ("W39", 20)]  # type: ignore[union-attr]
    (picks,) = allocate(stock, [Wanted(new_id(), {"A": 59})], fewest_parcels(many))
    assert len(picks) == 40  # type: ignore[arg-type]
