"""What was paid for an order, by its own charges and by those of others, and from which of it money goes back. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.payments._domain.payment import Payment, Status
from tradewind.kernel.money import Money

UNDER_WAY: Final = frozenset((Status.INITIATED, Status.REQUIRES_ACTION, Status.AUTHORIZED))


class Credit(Struct, frozen=True):
    """So much of an order was paid by the charge of another; `left` of it has not gone back, nor been passed on."""

    order_id: UUID
    charge_id: UUID
    amount: int
    left: int


class Taken(Struct, frozen=True):
    """So much of what was paid for an order: by a charge of its own, or by that of another where `by_credit`."""

    order_id: UUID
    charge_id: UUID
    minor: int

    @property
    def by_credit(self) -> bool:
        """Whether it was paid by another order's charge."""
        return self.order_id != self.charge_id


class Purse(Struct, frozen=True):
    """What was paid for an order, its own payment first; `claimed`: what is promised back, by (order, charge)."""

    payments: Sequence[Payment]
    credits: Sequence[Credit] = ()
    claimed: Mapping[tuple[UUID, UUID], int] = {}

    @property
    def currency(self) -> str:
        """That of all its payments."""
        return self.payments[0].amount.currency

    @property
    def free(self) -> Money:
        """What was taken, has not gone back and is not promised back."""
        return Money(sum(one.minor for one in (*self._own(), *self._lent())), self.currency)

    def take(self, minor: int) -> list[Taken]:
        """What so much is taken from: one of its own charges where one has it, else one after the other.

        What others' charges have paid is taken last.
        """
        own = self._own()
        if minor <= 0:
            return []
        if whole := next((one for one in own if one.minor >= minor), None):
            return [replace(whole, minor=minor)]
        taken: list[Taken] = []
        for one in (*own, *self._lent()):
            if part := min(one.minor, minor - sum(before.minor for before in taken)):
                taken.append(replace(one, minor=part))
        return taken

    def without(self, taken: Sequence[Taken]) -> "Purse":
        """The purse once so much of it is promised back."""
        claimed = dict(self.claimed)
        for one in taken:
            claimed[one.order_id, one.charge_id] = claimed.get((one.order_id, one.charge_id), 0) + one.minor
        return replace(self, claimed=claimed)

    def _own(self) -> list[Taken]:
        lent = sum(one.left for one in self.credits) if self.payments[0].captured else 0
        each = [
            Taken(one.order_id, one.order_id, one.left.minor - (lent if one is self.payments[0] else 0))
            for one in self.payments
        ]
        return [left for one in each if (left := self._unclaimed(one)).minor > 0]

    def _lent(self) -> list[Taken]:
        each = [Taken(one.order_id, one.charge_id, one.left) for one in self._counting()]
        return [left for one in each if (left := self._unclaimed(one)).minor > 0]

    def _counting(self) -> Sequence[Credit]:
        """Nothing goes back of a credit while it is open whether it will pay for its order."""
        return () if self.payments[0].status in UNDER_WAY else self.credits

    def _unclaimed(self, one: Taken) -> Taken:
        return replace(one, minor=one.minor - self.claimed.get((one.order_id, one.charge_id), 0))


def net(owed: int, total: int) -> tuple[int, int]:
    """Of what is owed to a buyer: what pays for the order that they get instead, and what goes back to them."""
    credit = min(owed, total)
    return credit, owed - credit
