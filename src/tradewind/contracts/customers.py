"""What customers tells."""

from typing import Any, ClassVar, Protocol

from tradewind.contracts.messages import Event


class CustomerUpdated(Event, frozen=True):
    """A profile changed; which fields, never what they say."""

    TYPE = "ecommerce.customer.profile.updated.v1"
    KEY: ClassVar[str] = "customer_id"
    customer_id: str
    changed: tuple[str, ...]


class CustomersPeer(Protocol):
    """What other contexts may ask customers within their own transaction."""

    async def groups(self, tx: Any, customer_id: str) -> frozenset[str]:
        """The customer groups that a user is in, by name; none for who is a guest or in no group."""
        ...
