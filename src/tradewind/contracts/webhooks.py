"""What webhooks tells."""

from typing import ClassVar
from uuid import UUID

from tradewind.contracts.messages import Event


class WebhookDeliveryFailed(Event, frozen=True):
    """A partner did not take a message after every retry."""

    TYPE = "ecommerce.webhook.delivery.failed.v1"
    KEY: ClassVar[str] = "subscription_id"
    subscription_id: UUID
    event_id: UUID
    attempts: int
    reason: str
