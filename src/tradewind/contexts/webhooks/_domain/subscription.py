"""What a partner asked for, and the plan by which one message is tried."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contracts.envelope import EVENTS
from tradewind.kernel.errors import Conflict, Invalid, NotFound

DELAYS_S: Final = (30, 120, 300, 900, 1_800)
"""From each failed attempt to the next one; after the last the message is a dead letter."""
MAX_RETRY_AFTER_S: Final = 3_600
"""Longest time for which a partner's Retry-After is honoured."""
CIRCUIT_AFTER: Final = 5
"""Failures in a row, of whichever messages, after which no new message is begun for a while."""
CIRCUIT_S: Final = 30
MAX_TYPES: Final = 100
MAX_FIELDS: Final = 10
PARTNERS_MAY_HEAR: Final = frozenset(
    type_ for type_ in EVENTS
    if type_.split(".")[1] in ("order", "inventory", "payment", "shipping", "return", "product", "pricing", "rating")
)  # fmt: skip
"""What is told of people, their carts and sessions is nobody else's; what webhooks itself tells is the operators'."""


class NoSuchSubscription(NotFound):
    """There is no such subscription."""


class UnknownEventType(Invalid):
    """Partners cannot subscribe to this type of event."""


class Disabled(Conflict):
    """The subscription cannot be paused: its partner said that it is gone."""


class Status(StrEnum):
    """ACTIVE hears; PAUSED waits; DISABLED said that it is gone (410). What waits goes on where it stopped."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"


class SubscriptionView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A subscription. `sequence`: the number of its newest message; `failures`: how many failed in a row."""

    id: UUID
    url: str
    event_types: list[str]
    filter: dict[str, list[str]]
    status: Status
    why: str | None
    sequence: int
    failures: int
    created_at: datetime


class NewSubscription(Struct, frozen=True, kw_only=True, rename="camel"):
    """A subscription's id and its secret, which is never shown again."""

    id: UUID
    secret: str


def known_types(types: Sequence[str]) -> list[str]:
    """Each once, in order; refuses UnknownEventType."""
    for one in types:
        if one not in PARTNERS_MAY_HEAR:
            raise UnknownEventType(eventType=one)
    return sorted(set(types))


def wants(filter_: Mapping[str, Sequence[str]], payload: str) -> bool:
    """Whether the payload has, in each field of the filter, one of the values that are asked for.

    Values that are no words are written as the message writes them: true, 12.50. Nothing at all is never asked for.
    """
    fields = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
    return all(_written(fields.get(name)) in values for name, values in filter_.items())


def _written(value: msgspec.Raw | None) -> str | None:
    said = bytes(value or b"null")
    if said.startswith(b'"'):
        return msgspec.json.decode(said, type=str)
    return None if said == b"null" else said.decode()


def next_due(attempts: int, at: datetime, retry_after_s: int) -> datetime | None:
    """When to try again after the `attempts`-th attempt, which began `at`, failed; None: never."""
    if attempts > len(DELAYS_S):
        return None
    return at + timedelta(seconds=max(DELAYS_S[attempts - 1], min(retry_after_s, MAX_RETRY_AFTER_S)))
