"""What every context owes a person: to say what it holds of them, and to forget it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Event
from tradewind.contracts.outcomes import Waiting
from tradewind.kernel.errors import Conflict

MAX_ORDERS_OF_A_PERSON: Final = 1_000
"""Orders that one question about a person names at most; whoever has more is asked about in several."""


class Person(Struct, frozen=True, kw_only=True):
    """Somebody, by all that they are known by here. `emails` are proved addresses in normal form (lower case).

    `paid_back`: orders of theirs of which payments in another process has said that everything is back with them.
    """

    user_id: str
    emails: tuple[str, ...] = ()
    paid_back: frozenset[UUID] = frozenset()


class PersonErased(Event, frozen=True):
    """A person is gone; whoever keeps something of them by their id forgets it."""

    TYPE = "ecommerce.customer.person.erased.v1"
    KEY: ClassVar[str] = "user_id"
    user_id: str


class OrdersUnderWay(Conflict):
    """Orders of this person are under way; ask again when they are over. `orders` names them."""


class PersonalData(Protocol):
    """What one context holds of a person. Both run inside the caller's transaction."""

    async def export(self, tx: Any, person: Person) -> Mapping[str, Any]:
        """Everything held of the person, ready to be written as JSON; empty where there is nothing."""
        ...

    async def erase(self, tx: Any, person: Person) -> None:
        """Forget the person. Books stay (orders, payments, stock): with amounts, without the person. Idempotent."""
        ...


class PersonalDataPeer(Protocol):
    """Every context's personal data, by the context's name. Put together by the host."""

    def holders(self) -> Sequence[tuple[str, PersonalData]]:
        """Who holds something."""
        ...


class Pseudonyms(Protocol):
    """Keyed digests by which an address is recognized where it may not be written. The key never leaves the home."""

    def of(self, value: str) -> str:
        """The digest of `value` in normal form (stripped, lower case); the same in every process of a home."""
        ...


class OrdersOfPeer(Protocol):
    """Which orders are a person's, for those who keep something by an order's id. Answered to by orders."""

    async def order_ids(self, tx: Any, person: Person) -> Sequence[UUID]:
        """Every order that is the person's, by account or by an address that they proved."""
        ...

    async def lost(self, tx: Any, person: Person) -> Sequence[UUID]:
        """Those of them whose goods nobody knows the whereabouts of."""
        ...


class PersonsAway(Protocol):
    """What payments in another process holds of people. Asked outside of transactions, any number of times.

    Raises Unavailable where the outcome is unknown; where nobody is there to ask, the answer is Waiting. `call`: on
    whose behalf.
    """

    async def export(self, user_id: str, order_ids: Sequence[UUID], call: Any) -> Mapping[str, Any] | Waiting:
        """Everything that is held there of the user and of these orders of theirs, ready to be written as JSON."""
        ...

    async def forget(self, user_id: str, order_ids: Sequence[UUID], call: Any) -> Waiting | None:
        """Forget the user, and how these orders were paid; at most MAX_ORDERS_OF_A_PERSON. None once it is done.

        None of these is authorized any more, whatever comes late.
        """
        ...

    async def given_back(self, order_ids: Sequence[UUID], call: Any) -> frozenset[UUID] | Waiting:
        """Those of which everything that was taken is back with the buyer."""
        ...


class PersonsPeer(Protocol):
    """As PersonsAway, inside one's own transaction, for who began to ask while payments was in another process."""

    async def forget(self, tx: Any, user_id: str, order_ids: Sequence[UUID]) -> None:
        """Forget the user, and how these orders were paid."""
        ...


@dataclass(frozen=True)
class Persons:
    """Where payments answers for what it holds of people: as one context of this process, or in another one."""

    away: PersonsAway | None = None
