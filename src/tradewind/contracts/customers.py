"""What customers tells."""

from typing import ClassVar

from tradewind.contracts.messages import Event


class CustomerUpdated(Event, frozen=True):
    """A profile changed; which fields, never what they say."""

    TYPE = "ecommerce.customer.profile.updated.v1"
    KEY: ClassVar[str] = "customer_id"
    customer_id: str
    changed: tuple[str, ...]
