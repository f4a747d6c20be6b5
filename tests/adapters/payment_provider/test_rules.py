"""The provider's rules under any sequence of wishes: money is neither made nor lost."""

from hypothesis import given
from hypothesis import strategies as st

from tradewind.adapters.payment_provider.simulator.rules import ACCOUNTS, Authorization, decide
from tradewind.adapters.payment_provider.wire import (
    Amount,
    AuthorizationWish,
    CaptureWish,
    RefundWish,
    VoidWish,
    Wish,
)

AMOUNTS = st.builds(Amount, st.integers(1, 100), st.sampled_from(["EUR", "USD"]))
METHODS = st.sampled_from(["simulated:approve", "simulated:decline", "simulated:decline-capture", "card"])
WISHES: st.SearchStrategy[Wish] = st.one_of(
    st.builds(AuthorizationWish, key=st.just("a"), reference=st.just("order"), method=METHODS, amount=AMOUNTS),
    st.builds(CaptureWish, key=st.just("c"), authorization_key=st.just("a"), amount=AMOUNTS),
    st.builds(VoidWish, key=st.just("v"), authorization_key=st.just("a")),
    st.builds(RefundWish, key=st.just("r"), authorization_key=st.just("a"), amount=AMOUNTS),
)


@given(st.lists(WISHES, max_size=12))
def test_the_accounts_always_tell_what_the_authorization_has_come_to(wishes: list[Wish]) -> None:
    state: Authorization | None = None
    accounts = dict.fromkeys(("cardholder", "held", "merchant"), 0)
    for wish in wishes:
        verdict = decide(wish, state, struck=None)
        state = verdict.after or state
        source, target = ACCOUNTS[wish.OPERATION]
        accounts[source] -= verdict.moved
        accounts[target] += verdict.moved
        accounts["held"] -= verdict.let_go
        accounts["cardholder"] += verdict.let_go
        assert verdict.declined is None or (verdict.moved == 0 and verdict.after is None)
        assert min(accounts["held"], accounts["merchant"]) >= 0
        if state is not None:
            assert accounts["held"] == (0 if state.voided else state.minor - state.captured)
            assert accounts["merchant"] == state.captured - state.refunded
    assert sum(accounts.values()) == 0
