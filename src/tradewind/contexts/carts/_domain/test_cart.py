"""The cart by itself: whatever is done to it, its history leads to where it stands, within its limits."""

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tradewind.contexts.carts._domain.cart import (
    MAX_CHANGES,
    MAX_LINES,
    MAX_PIECES,
    Cart,
    CartClosed,
    CartFull,
    NoSuchLine,
    Status,
    fold,
    opened,
)
from tradewind.contexts.carts._domain.events import CartEvent, CartOpened, read, written
from tradewind.contracts.carts import CartAbandoned, CartCheckedOut, CartExpired
from tradewind.contracts.pricing import Price
from tradewind.kernel.errors import Refusal
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

SKUS = ("A", "B", "C", "D")
OPENED = CartOpened(owner="somebody", guest=True)


def a_price(sku: str, minor: int = 1250) -> Price:
    return Price(sku, UUID(int=sum(sku.encode())), Money(minor, "EUR"))


def a_cart(**lines: int) -> Cart:
    cart = opened(new_id(), OPENED)
    for sku, quantity in lines.items():
        cart = cart.after(cart.add(a_price(sku), quantity))
    return cart


def pieces(cart: Cart) -> dict[str, int]:
    return {line.sku: line.quantity for line in cart.lines}


@pytest.mark.parametrize("ends", [CartCheckedOut(cart_id=new_id(), order_id=new_id()), CartExpired(cart_id=new_id())])
def test_a_closed_cart_takes_nothing_and_says_why(ends: CartEvent) -> None:
    cart = a_cart(A=1).after(ends)
    changes: list[Callable[[], object]] = [
        lambda: cart.add(a_price("B"), 1), lambda: cart.change("A", 2), lambda: cart.remove("A"),
        lambda: cart.save("A"), lambda: cart.move_back("A"), lambda: cart.take(a_cart(B=1)),
        lambda: cart.go_into(new_id()), lambda: cart.hand_over("x"), cart.may_be_quoted,
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(CartClosed) as refused:
            change()
        assert refused.value.facts["state"] == cart.status
        assert ("orderId" in refused.value.facts) == (cart.status is Status.CHECKED_OUT)


def test_a_cart_has_its_limits() -> None:
    full = a_cart(**{f"S{number}": 1 for number in range(MAX_LINES)})
    with pytest.raises(CartFull):
        full.add(a_price("one more"), 1)
    assert pieces(full.after(full.add(a_price("S0"), MAX_PIECES - 1)))["S0"] == MAX_PIECES
    with pytest.raises(CartFull):
        full.add(a_price("S0"), MAX_PIECES)
    with pytest.raises(CartFull):
        full.change("S0", MAX_PIECES + 1)
    with pytest.raises(NoSuchLine):
        full.change("none", 1)
    worn = fold(new_id(), [OPENED, *[CartAbandoned(cart_id=full.id, lines=0)] * (MAX_CHANGES - 1)])
    with pytest.raises(CartFull):
        worn.add(a_price("A"), 1)
    assert worn.after(worn.go_into(full.id)).merged_into == full.id


def test_merging_adds_up_to_the_limit_and_names_what_no_longer_fits() -> None:
    mine, guests = a_cart(A=2, B=MAX_PIECES - 1), a_cart(A=3, B=5, C=1)
    taken = mine.take(guests)
    assert taken.left_out == {"B": 4}
    assert pieces(mine.after(taken)) == {"A": 5, "B": MAX_PIECES, "C": 1}
    full = a_cart(**{f"S{number}": 1 for number in range(MAX_LINES)})
    taken = full.take(a_cart(S1=1, NEW=7))
    assert taken.left_out == {"NEW": 7}
    assert pieces(full.after(taken)) == pieces(full) | {"S1": 2}


def test_what_one_side_wants_now_is_wanted_and_what_both_saved_stays_saved() -> None:
    mine, guests = a_cart(A=1, B=MAX_PIECES), a_cart(A=1, B=1, C=1)
    for sku in "AB":
        mine = mine.after(_is(mine.save(sku)))
    for sku in "AC":
        guests = guests.after(_is(guests.save(sku)))
    merged = mine.after(mine.take(guests))
    assert {line.sku: line.saved for line in merged.lines} == {"A": True, "B": False, "C": True}


def test_adding_what_was_saved_brings_it_back_at_the_new_price() -> None:
    cart = a_cart(A=2)
    cart = cart.after(_is(cart.save("A")))
    assert cart.wanted == ()
    cart = cart.after(cart.add(a_price("A", 1300), 1))
    assert [(line.quantity, line.price.minor, line.saved) for line in cart.lines] == [(3, 1300, False)]


def test_what_changes_nothing_is_no_event() -> None:
    cart = a_cart(A=2)
    assert cart.change("A", 2) is None
    assert cart.move_back("A") is None
    cart = cart.after(_is(cart.save("A")))
    assert cart.save("A") is None


def _is(event: CartEvent | None) -> CartEvent:
    assert event is not None
    return event


class Shopping(RuleBasedStateMachine):
    """Whatever is done to a cart in whichever order; refusals leave it as it was."""

    sku = st.sampled_from(SKUS)
    quantity = st.integers(1, MAX_PIECES)

    @initialize()
    def open(self) -> None:
        self.cart = opened(new_id(), OPENED)
        self.events: list[CartEvent] = [OPENED]

    def happens(self, decide: Callable[[Cart], CartEvent | None]) -> None:
        try:
            event = decide(self.cart)
        except Refusal:
            return
        if event is not None:
            self.cart = self.cart.after(event)
            self.events.append(event)

    @rule(sku=sku, quantity=quantity, minor=st.integers(1, 10_000))
    def add(self, sku: str, quantity: int, minor: int) -> None:
        self.happens(lambda cart: cart.add(a_price(sku, minor), quantity))

    @rule(sku=sku, quantity=quantity)
    def change(self, sku: str, quantity: int) -> None:
        self.happens(lambda cart: cart.change(sku, quantity))

    @rule(sku=sku)
    def remove(self, sku: str) -> None:
        self.happens(lambda cart: cart.remove(sku))

    @rule(sku=sku)
    def save(self, sku: str) -> None:
        self.happens(lambda cart: cart.save(sku))

    @rule(sku=sku)
    def move_back(self, sku: str) -> None:
        self.happens(lambda cart: cart.move_back(sku))

    @rule(lines=st.dictionaries(st.sampled_from((*SKUS, "E", "F")), quantity))
    def take(self, lines: dict[str, int]) -> None:
        before, guests = pieces(self.cart), a_cart(**lines)
        self.happens(lambda cart: cart.take(guests))
        if self.cart.status is Status.OPEN:
            wanted = {sku: before.get(sku, 0) + lines.get(sku, 0) for sku in {*before, *lines}}
            assert pieces(self.cart) == {sku: min(number, MAX_PIECES) for sku, number in wanted.items()}

    @rule()
    def hand_over(self) -> None:
        self.happens(lambda cart: cart.hand_over("somebody else"))

    @rule()
    def leave_alone(self) -> None:
        self.happens(lambda cart: CartAbandoned(cart_id=cart.id, lines=len(cart.wanted)))

    @precondition(lambda self: self.cart.version > 8)
    @rule()
    def go_into(self) -> None:
        self.happens(lambda cart: cart.go_into(new_id()))

    @invariant()
    def history_leads_to_where_it_stands(self) -> None:
        kept = [read(*written(event)) for event in self.events]
        assert kept == self.events
        assert fold(self.cart.id, kept) == self.cart
        assert self.cart.version == len(self.events)

    @invariant()
    def it_keeps_its_limits_and_has_one_line_a_sku(self) -> None:
        skus = [line.sku for line in self.cart.lines]
        assert len(skus) == len(set(skus)) <= MAX_LINES
        assert all(0 < line.quantity <= MAX_PIECES for line in self.cart.lines)


def test_whatever_is_done_to_a_cart_its_history_leads_to_where_it_stands() -> None:
    run_state_machine_as_test(Shopping, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))
