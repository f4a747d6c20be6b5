"""Allocation: never more than there is, each order whole or not at all, first come first served."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tradewind.contexts.inventory._domain.allocation import allocate, totals
from tradewind.contracts.inventory import Wanted
from tradewind.kernel.ids import new_id

SKUS = st.sampled_from("ABCDE")
STOCK = st.dictionaries(SKUS, st.integers(0, 20))
BASKETS = st.dictionaries(SKUS, st.integers(1, 8), max_size=4)
ORDERS = st.lists(BASKETS.map(lambda basket: Wanted(new_id(), basket)), max_size=30)


@given(STOCK, ORDERS)
def test_never_more_is_given_than_there_is(available: dict[str, int], wanted: list[Wanted]) -> None:
    answers = allocate(available, wanted)
    given_away = totals([order for order, refusal in zip(wanted, answers, strict=True) if refusal is None])
    assert all(quantity <= available.get(sku, 0) for sku, quantity in given_away.items())


@given(STOCK, ORDERS)
def test_an_order_is_refused_for_what_those_before_it_left_and_for_nothing_else(
    available: dict[str, int], wanted: list[Wanted]
) -> None:
    taken: Counter[str] = Counter()
    for order, refusal in zip(wanted, allocate(available, wanted), strict=True):
        short = sorted(s for s, q in order.quantities.items() if available.get(s, 0) - taken[s] < q)
        assert (refusal.facts["skus"] if refusal else []) == short
        if not refusal:
            taken.update(order.quantities)


@given(STOCK, ORDERS)
def test_the_same_question_has_the_same_answer(available: dict[str, int], wanted: list[Wanted]) -> None:
    def facts() -> list[object]:
        return [refusal and refusal.facts for refusal in allocate(available, wanted)]

    kept = dict(available)
    assert facts() == facts()
    assert available == kept


def test_a_refused_order_takes_nothing_from_those_behind_it() -> None:
    greedy, modest = Wanted(new_id(), {"A": 2, "B": 1}), Wanted(new_id(), {"A": 2})
    refusal, served = allocate({"A": 2}, [greedy, modest])
    assert refusal is not None
    assert refusal.facts == {"skus": ["B"]}
    assert served is None
