"""The canonical envelope (S0 §6) and the catalogue of every event type."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from tradewind.contracts import (
    carts,
    catalog,
    customers,
    identity,
    inventory,
    orders,
    payers,
    payments,
    pricing,
    privacy,
    returns,
    reviews,
    shipping,
    webhooks,
)
from tradewind.contracts.messages import Event

SCHEMA_VERSION = "1.0"
TYPE_PATTERN: Final = r"^[a-z_]+(\.[a-z_]+){3}\.v[1-9][0-9]*$"
"""`<domain>.<context>.<entity>.<action>.v<major>` (D9)."""
_MODULES = (
    carts, catalog, customers, identity, inventory, orders, payers, payments, pricing, privacy, returns, reviews,
    shipping, webhooks,
)  # fmt: skip


class Envelope(Struct, frozen=True, kw_only=True, rename="camel"):
    """An event on its way: who told it when, under which trace, and what it says."""

    event_id: UUID
    event_type: Annotated[str, Meta(pattern=TYPE_PATTERN)]
    occurred_at: datetime
    producer: str
    trace_id: str
    correlation_id: str
    partition_key: str
    payload: Annotated[Any, Meta(extra_json_schema={"type": "object"})]
    schema_version: str = SCHEMA_VERSION


def _events() -> dict[str, type[Event]]:
    found = (value for module in _MODULES for value in vars(module).values() if isinstance(value, type))
    return {event.TYPE: event for event in found if issubclass(event, Event) and hasattr(event, "TYPE")}


EVENTS: dict[str, type[Event]] = _events()
"""Wire type to class, for every event there is."""


def producer(event_type: str) -> str:
    """The service that tells events of this type: `ecommerce.order.order.created.v1` comes from order-service."""
    return f"{event_type.split('.')[1]}-service"
