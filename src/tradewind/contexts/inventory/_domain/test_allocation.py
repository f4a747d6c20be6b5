"""Allocation: never more than there is anywhere, each order whole or not at all, first come first served."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.contexts.inventory._domain.allocation import Pick, allocate, totals
from tradewind.contexts.inventory._domain.strategies import STRATEGIES
from tradewind.contexts.inventory._domain.warehouse import Warehouse
from tradewind.contracts.inventory import NotEnoughStock, Wanted
from tradewind.kernel.ids import new_id

Stock = dict[str, dict[str, int]]
CODES = "WXYZ"
SKUS = st.sampled_from("ABCDE")
STOCK = st.dictionaries(SKUS, st.dictionaries(st.sampled_from(CODES), st.integers(0, 8), min_size=1))
BASKETS = st.dictionaries(SKUS, st.integers(1, 8), max_size=4)
GOALS = st.sampled_from([None, {}, {"country": "GB", "postalCode": "SW1A 1AA"}, {"country": "DE"}])
ORDERS = st.lists(st.builds(lambda basket, goal: Wanted(new_id(), basket, goal), BASKETS, GOALS), max_size=30)
PLACES = [Warehouse(code=code, name=code, country="GB" if code < "Y" else "DE") for code in CODES]
RANKS = st.sampled_from([strategy(PLACES) for strategy in STRATEGIES.values()])


def served(answers: list[list[Pick] | NotEnoughStock]) -> list[list[Pick]]:
    return [one for one in answers if isinstance(one, list)]


@given(STOCK, ORDERS, RANKS)
def test_never_more_is_given_than_there_is_in_any_place(available: Stock, wanted: list[Wanted], rank: object) -> None:
    taken = totals(served(allocate(available, wanted, rank)))  # type: ignore[arg-type]
    assert all(quantity <= available[sku][place] for (sku, place), quantity in taken.items())


@given(STOCK, ORDERS, RANKS)
def test_an_order_gets_all_that_it_wants_and_each_pick_is_a_place_of_its_own(
    available: Stock, wanted: list[Wanted], rank: object
) -> None:
    for order, picks in zip(wanted, allocate(available, wanted, rank), strict=True):  # type: ignore[arg-type]
        if isinstance(picks, list):
            got: Counter[str] = Counter()
            for pick in picks:
                assert pick.quantity > 0
                got[pick.sku] += pick.quantity
            assert got == order.quantities
            assert len({(pick.sku, pick.warehouse) for pick in picks}) == len(picks)


@given(STOCK, ORDERS, RANKS)
def test_an_order_is_refused_for_what_those_before_it_left_and_for_nothing_else(
    available: Stock, wanted: list[Wanted], rank: object
) -> None:
    taken: Counter[str] = Counter()
    for order, answer in zip(wanted, allocate(available, wanted, rank), strict=True):  # type: ignore[arg-type]
        left = {sku: sum(available.get(sku, {}).values()) - taken[sku] for sku in order.quantities}
        short = sorted(sku for sku, quantity in order.quantities.items() if left[sku] < quantity)
        assert (answer.facts["skus"] if isinstance(answer, NotEnoughStock) else []) == short
        if isinstance(answer, list):
            taken.update(order.quantities)


@given(STOCK, ORDERS, RANKS)
def test_the_same_question_has_the_same_answer(available: Stock, wanted: list[Wanted], rank: object) -> None:
    def facts() -> list[object]:
        answers = allocate(available, wanted, rank)  # type: ignore[arg-type]
        return [one.facts if isinstance(one, NotEnoughStock) else one for one in answers]

    kept = {sku: dict(places) for sku, places in available.items()}
    assert facts() == facts()
    assert available == kept


BUNDLES = st.dictionaries(
    st.sampled_from("KLM"), st.dictionaries(SKUS, st.integers(1, 3), min_size=1, max_size=3), min_size=3
)
MIXED = st.dictionaries(st.sampled_from("ABCDEKLM"), st.integers(1, 4), max_size=5)
MIXED_ORDERS = st.lists(MIXED.map(lambda basket: Wanted(new_id(), basket)), max_size=20)


@given(STOCK, MIXED_ORDERS, RANKS, BUNDLES)
def test_bundles_and_parts_together_take_what_they_need_and_never_more_than_there_is(
    available: Stock, wanted: list[Wanted], rank: object, bundles: dict[str, dict[str, int]]
) -> None:
    left: Counter[str] = Counter({sku: sum(places.values()) for sku, places in available.items()})
    answers = allocate(available, wanted, rank, bundles)  # type: ignore[arg-type]
    for order, answer in zip(wanted, answers, strict=True):
        needed: Counter[str] = Counter()
        for sku, quantity in order.quantities.items():
            for part, pieces in bundles.get(sku, {sku: 1}).items():
                needed[part] += pieces * quantity
        assert isinstance(answer, list) == all(left[sku] >= pieces for sku, pieces in needed.items())
        if isinstance(answer, list):
            got: Counter[str] = Counter()
            for pick in answer:
                got[pick.sku] += pick.quantity
            assert got == needed
            left -= needed
    assert all(pieces <= available[sku][place] for (sku, place), pieces in totals(served(answers)).items())


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_refused_order_takes_nothing_from_those_behind_it(name: str) -> None:
    greedy, modest = Wanted(new_id(), {"A": 2, "B": 1}), Wanted(new_id(), {"A": 2})
    refusal, picks = allocate({"A": {"W": 1, "X": 1}}, [greedy, modest], STRATEGIES[name](PLACES))
    assert isinstance(refusal, NotEnoughStock)
    assert refusal.facts == {"skus": ["B"]}
    assert picks == [Pick("A", "W", 1), Pick("A", "X", 1)]
