"""Subscribers and projections: functions over events, registered by annotation, each with a position of its own."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from tradewind.contracts.messages import Event

React = Callable[[Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Subscriber:
    """`react(event, tx)` for each event of `events`, in order per key; effect and position in one transaction.

    One whose first parameter is a `Sequence` of events is given all that are there at once, in the same order.
    """

    name: str
    events: tuple[type[Event], ...]
    react: React
    table: str | None = None
    """The table that only this subscriber writes, where it is a projection: it may be dropped and replayed."""
    together: bool = False


def subscriber(react: React) -> Subscriber:
    """Make `react` a subscriber to the events that its first parameter names. Its name is context.function."""
    return Subscriber(_name(react), *_heard(react))


def projection(table: str) -> Callable[[React], Subscriber]:
    """Make the function the only writer of `table` (schema.table)."""
    return lambda react: replace(subscriber(react), table=table)


def _name(react: React) -> str:
    context = react.__module__.split(".contexts.")[-1].split(".")[0]
    return f"{context}.{react.__name__}"


def _heard(react: React) -> tuple[tuple[type[Event], ...], React, None, bool]:
    first = next(iter(inspect.signature(react).parameters))
    hint = get_type_hints(react)[first]
    together = get_origin(hint) is Sequence
    if together:
        (hint,) = get_args(hint)
    events = tuple(get_args(hint)) if isinstance(hint, UnionType) else (hint,)
    return events, react, None, together
