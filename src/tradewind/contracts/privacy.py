"""What every context owes a person: to say what it holds of them, and to forget it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Event
from tradewind.kernel.errors import Conflict


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
        """Those of them that are not over and whose goods nobody knows the whereabouts of."""
        ...
