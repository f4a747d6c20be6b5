"""Subscribers and projections: functions over events, registered by annotation, each with a position of its own."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import UnionType
from typing import Any, get_args, get_type_hints

from tradewind.contracts.messages import Event

React = Callable[[Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Subscriber:
    """`react(event, tx)` for each event of `events`, in order per key; effect and position in one transaction."""

    name: str
    events: tuple[type[Event], ...]
    react: React
    table: str | None = None
    """The table that only this subscriber writes, where it is a projection: it may be dropped and replayed."""


def subscriber(react: React) -> Subscriber:
    """Make `react` a subscriber to the events that its first parameter names. Its name is context.function."""
    return Subscriber(_name(react), _events(react), react)


def projection(table: str) -> Callable[[React], Subscriber]:
    """Make the function the only writer of `table` (schema.table)."""
    return lambda react: Subscriber(_name(react), _events(react), react, table)


def _name(react: React) -> str:
    context = react.__module__.split(".contexts.")[-1].split(".")[0]
    return f"{context}.{react.__name__}"


def _events(react: React) -> tuple[type[Event], ...]:
    first = next(iter(inspect.signature(react).parameters))
    hint = get_type_hints(react)[first]
    return tuple(get_args(hint)) if isinstance(hint, UnionType) else (hint,)
