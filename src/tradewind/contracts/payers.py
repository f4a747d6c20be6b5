"""Who asks payments for money, by what they pay, and how payments and they speak of each other, wherever each is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from tradewind.contracts.messages import Event
from tradewind.contracts.payments import PaymentsAway

SAVED: Final = "saved:"
"""What a payment method begins with that its owner keeps: `saved:<id>` or `saved:default`."""
DEFAULT: Final = "default"
_AS_PAID: Final = f"{SAVED}as-paid/"


def as_paid(order_id: UUID) -> str:
    """The payment method by which that order was paid, whichever that came to be. Nobody outside may name it."""
    return f"{_AS_PAID}{order_id}"


def paid_as(method: str) -> UUID | None:
    """The order as which a payment method says to pay; None for every other method. Refuses with ValueError."""
    return UUID(method.removeprefix(_AS_PAID)) if method.startswith(_AS_PAID) else None


def saved_name(method: str) -> str:
    """The id of the saved payment method that is named, or `default`. Refuses with ValueError."""
    name = method.removeprefix(SAVED)
    return name if name == DEFAULT else str(UUID(name))


class PayerHinted(Event, frozen=True):
    """Something may have come of what a payer asked of payments; told where payments has a database of its own.

    Whoever carries the payer asks again. `payer_id`: an order, or an edit of one.
    """

    TYPE = "ecommerce.payment.payer.hinted.v1"
    KEY = "payer_id"
    payer_id: UUID


class PaymentsHere(Protocol):
    """What orders asks of payments within its own transaction, where both share a database. Elsewhere it is not asked.

    Where payments is apart, `Paying` has who is asked before, or what is kept of its answers.
    """

    async def next_actions(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Where the buyers of these orders must prove themselves; orders that do not wait for that are left out."""
        ...

    async def hint(self, tx: Any, order_ids: Sequence[UUID]) -> None:
        """Something may have come of what these orders' buyers were asked. Wake their sagas in the same transaction."""
        ...

    async def prove(self, tx: Any, order_id: UUID, proof: str) -> None:
        """What the browser of an order's buyer brought back from where they were sent; `hint` has the provider asked.

        Refuses with CardNumberRefused. Nothing is kept of an order that does not wait for its buyer.
        """
        ...

    async def saved_tokens(self, tx: Any, named: Sequence[tuple[str, str]]) -> Sequence[str | None]:
        """For each (user, id of a payment method that they keep, or `default`) its token; None where they have none."""
        ...

    async def only_held(self, tx: Any, order_id: UUID) -> bool:
        """Whether the order's money is held to be captured by hand, and nobody has asked for that."""
        ...


@dataclass(frozen=True)
class Paying:
    """Where payments is: in the same database (PaymentsHere), or in another process that is asked."""

    away: PaymentsAway | None = None


class PayersPeer(Protocol):
    """Those who ask payments for money, step by step: the sagas of orders and of their edits. Answered to by orders.

    Payments has their ids, which begin its keys, and nothing else of them. Whoever is no payer is left out. Where
    payments has a database of its own it is answered there: a payer is held by payments' own row of it, and woken by an
    event (PayerHinted).
    """

    async def hold(self, tx: Any, ids: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Those of these that there are, held until the transaction ends; whether each is being undone."""
        ...

    async def wake(self, tx: Any, id_: UUID) -> None:
        """What it waits for has happened: have it look at once. It is held, as by `hold`."""
        ...

    async def wake_waiting(self, tx: Any, ids: Sequence[UUID]) -> None:
        """What they may wait for has happened; nothing changes for those that are just asking, or over."""
        ...


class KnownPayersPeer(Protocol):
    """Who has asked payments for money, as payments itself knows them. Answered to by payments."""

    async def hold(self, tx: Any, ids: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Those of these that have a payment, held until the transaction ends; whether each was called off.

        Held before their payments are, as by every step that another process has payments carry.
        """
        ...
