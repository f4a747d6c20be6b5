"""What customers tells."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from msgspec import Struct

from tradewind.contracts.messages import Event


class CustomerUpdated(Event, frozen=True):
    """A profile changed; which fields, never what they say."""

    TYPE = "ecommerce.customer.profile.updated.v1"
    KEY: ClassVar[str] = "customer_id"
    customer_id: str
    changed: tuple[str, ...]


class Reach(Struct, frozen=True, kw_only=True):
    """How somebody may be reached: channel (EMAIL, SMS) to address, and on which they agreed to hear of offers."""

    addresses: Mapping[str, str]
    language: str
    time_zone: str
    preferred: str | None = None
    marketing: frozenset[str] = frozenset()


class CustomersPeer(Protocol):
    """What other contexts may ask customers within their own transaction."""

    async def groups(self, tx: Any, customer_id: str) -> frozenset[str]:
        """The customer groups that a user is in, by name; none for who is a guest or in no group."""
        ...

    async def reach(self, tx: Any, customer_ids: Sequence[str]) -> Mapping[str, Reach]:
        """How each may be reached, as they say now; who has no profile is left out."""
        ...

    async def withdraw(self, tx: Any, customer_id: str, channel: str) -> None:
        """They want to hear no more of offers on this channel. Idempotent; nothing for who is unknown."""
        ...
