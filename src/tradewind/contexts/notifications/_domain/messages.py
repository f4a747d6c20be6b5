"""What is written about, on which channels, and by which id the world knows a message."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct

from tradewind.contracts.customers import Reach

OURS: Final = UUID("6f0f7a52-6c6e-5b58-9c6e-0b6f2f6f8b11")
"""The namespace of messages' ids."""


class Channel(StrEnum):
    """How a message travels."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"


class Status(StrEnum):
    """How far a message is."""

    OWED = "OWED"
    SENT = "SENT"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    BOUNCED = "BOUNCED"


class Kind(StrEnum):
    """What a message is about: the name of its template."""

    PAYMENT_AWAITED = "payment_awaited"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_BACKORDERED = "order_backordered"
    ORDER_GOODS_READY = "order_goods_ready"
    ORDER_CHANGED = "order_changed"
    ORDER_SHIPPED = "order_shipped"
    ORDER_DELIVERED = "order_delivered"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_FAILED = "order_failed"
    ORDER_REFUNDED = "order_refunded"
    RETURN_APPROVED = "return_approved"
    RETURN_REJECTED = "return_rejected"
    RETURN_RECEIVED = "return_received"
    CART_ABANDONED = "cart_abandoned"


MARKETING: Final = frozenset((Kind.CART_ABANDONED,))
"""What goes to those alone who agreed to hear of offers on that channel, and still do when it goes out."""
BRIEF: Final = frozenset(
    (
        Kind.PAYMENT_AWAITED,
        Kind.ORDER_BACKORDERED,
        Kind.ORDER_GOODS_READY,
        Kind.ORDER_CHANGED,
        Kind.ORDER_REFUNDED,
        Kind.RETURN_APPROVED,
        Kind.RETURN_REJECTED,
        Kind.RETURN_RECEIVED,
    )
)
"""What nobody's telephone need ring for: by e-mail alone."""


class Occasion(Struct, frozen=True, kw_only=True):
    """Something happened about which somebody is written to. `subject` tells it from all others of its kind."""

    kind: Kind
    subject: str
    user_id: str
    order_id: UUID | None = None
    email: str | None = None
    facts: Mapping[str, str] = {}


def message_id(kind: Kind, subject: str, channel: Channel) -> UUID:
    """The same for the same event and channel, however often it is made: receivers tell repetitions by it."""
    return uuid5(OURS, f"{kind}/{subject}/{channel}")


def channels(occasion: Occasion, reach: Reach | None, *, has_device: bool) -> Sequence[Channel]:
    """Where the message is owed: e-mail to who has an address, and a text where that is preferred or a device known."""
    marketing = occasion.kind in MARKETING
    found = []
    if occasion.email or (reach and Channel.EMAIL in reach.addresses):
        found.append(Channel.EMAIL)
    if occasion.kind not in BRIEF:
        if reach and Channel.SMS in reach.addresses and (marketing or reach.preferred == Channel.SMS):
            found.append(Channel.SMS)
        if has_device and not marketing:
            found.append(Channel.PUSH)
    return [one for one in found if not marketing or may_hear_of_offers(reach, one)]


def may_hear_of_offers(reach: Reach | None, channel: Channel) -> bool:
    """Whether they agreed to it, as things stand."""
    return reach is not None and channel in reach.marketing
