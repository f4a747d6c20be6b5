"""The arithmetic of exchanges: however orders are exchanged and refunded, what the cards paid is what is bought."""

from collections.abc import Sequence
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tradewind.contexts.payments._domain.payment import Payment, Status
from tradewind.contexts.payments._domain.purse import Credit, Purse, Taken, net
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

PRICES: Final = st.integers(1, 500)


def paid(total: int, prepaid: int = 0) -> Payment:
    """A payment that is captured."""
    return Payment(
        id=new_id(),
        order_id=new_id(),
        amount=Money(total, "EUR"),
        method="m",
        authorization_key="k",
        status=Status.CAPTURED,
        captured=total,
        prepaid=prepaid,
    )


class Books:
    """One order after the other, each in exchange for some of the one before."""

    def __init__(self, total: int) -> None:
        self.payments = {(one := paid(total)).order_id: one}
        self.last = one.order_id
        self.credits: list[Credit] = []
        self.cards = {one.order_id: total}
        """What is on each charge: taken from the card, less what the card has back."""

    def purse(self) -> Purse:
        return Purse([self.payments[self.last]], [one for one in self.credits if one.order_id == self.last])

    def spend(self, taken: Taken) -> None:
        self.credits = [
            replace(one, left=one.left - taken.minor)
            if (one.order_id, one.charge_id) == (taken.order_id, taken.charge_id)
            else one
            for one in self.credits
        ]

    def refund(self, minor: int) -> None:
        """To the cards; each part is booked as the saga of refunds does."""
        for one in self.purse().take(minor):
            self.cards[one.charge_id] -= one.minor
            self._book(one.minor, one.minor if one.by_credit else 0)
            if one.by_credit:
                self.spend(one)
                lender = self.payments[one.charge_id]
                self.payments[one.charge_id] = replace(lender, elsewhere=lender.elsewhere - one.minor)

    def exchange(self, owed: int, total: int) -> None:
        """Some of the last order came back, and pays for another."""
        credit, back = net(owed, total)
        purse = self.purse()
        to_cards = purse.take(back)
        credited = purse.without(to_cards).take(credit)
        self.refund(back)
        self._book(credit, credit)
        other = paid(total, prepaid=credit)
        for one in credited:
            if one.by_credit:
                self.spend(one)
            self.credits.append(Credit(other.order_id, one.charge_id, one.minor, one.minor))
        self.payments[other.order_id] = other
        self.cards[other.order_id] = other.charge.minor
        self.last = other.order_id

    def _book(self, minor: int, elsewhere: int) -> None:
        if minor:
            amount = Money(minor, "EUR")
            self.payments[self.last], _ = self.payments[self.last].refund(amount, "x", elsewhere=elsewhere)


def agree(books: Books) -> None:
    """Each charge is what the provider knows of it, none is below nothing, and all together are what is kept."""
    for order_id, payment in books.payments.items():
        own = payment.captured - payment.prepaid - (payment.refunded - payment.elsewhere)
        assert books.cards[order_id] == own >= 0
        assert 0 <= payment.elsewhere <= payment.refunded <= payment.captured
    kept = sum(one.left.minor for one in books.payments.values())
    assert sum(books.cards.values()) == kept
    assert all(0 <= one.left <= one.amount for one in books.credits)


@given(PRICES, st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), PRICES), max_size=8))
def test_the_cards_paid_for_what_is_kept_however_often_it_is_exchanged(
    first: int, steps: Sequence[tuple[int, int, int]]
) -> None:
    books = Books(first)
    for refund, owed, total in steps:
        books.refund(min(refund, books.purse().free.minor))
        agree(books)
        books.exchange(min(owed, books.purse().free.minor), total)
        agree(books)
    books.refund(books.purse().free.minor)
    agree(books)
    assert books.purse().free.minor == 0
    assert books.payments[books.last].status is Status.REFUNDED


@given(PRICES, PRICES, st.integers(0, 500))
def test_an_exchange_moves_the_difference_and_nothing_else(paid_before: int, total: int, owed: int) -> None:
    books, owed = Books(paid_before), min(owed, paid_before)
    first = books.last
    books.exchange(owed, total)
    assert books.cards == {first: paid_before - max(0, owed - total), books.last: max(0, total - owed)}


@given(PRICES, PRICES, st.integers(1, 500))
def test_a_refund_of_a_replacement_goes_to_its_own_card_first(before: int, total: int, back: int) -> None:
    books = Books(before)
    first = books.last
    books.exchange(before, total)
    own, back = books.cards[books.last], min(back, total)
    on_first = books.cards[first]
    books.refund(back)
    assert books.cards == {first: on_first - max(0, back - own), books.last: max(0, own - back)}
