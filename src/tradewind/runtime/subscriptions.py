"""Who hears events, registered by annotation.

Subscribers and projections hear in one worker, durably: each has a position of its own. Listeners hear in every
process, from now on, and keep nothing but what the process itself knows: caches, revoked sessions, open streams.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from types import UnionType
from typing import Any, Generic, TypeVar, cast, get_args, get_origin, get_type_hints, overload
from uuid import UUID

from tradewind.contracts.messages import Event
from tradewind.runtime.reading import START, Logged

P = TypeVar("P")
E_co = TypeVar("E_co", bound=Event, covariant=True)
React = Callable[[Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Told(Generic[E_co]):
    """An event with what the log says of it: its id, when its transaction began, and its place among those of its key.

    `position` rises along a key, however often the event is heard, in the database in whose log it was told; where that
    is another one's log, it says nothing.
    """

    event: E_co
    event_id: UUID
    told_at: datetime
    position: int


@dataclass(frozen=True)
class Subscriber:
    """`react(event, tx)` for each event of `events`, in order per key; effect and position in one transaction.

    One whose first parameter is a `Sequence` of events is given all that are there at once, in the same order; one
    that asks for `Told` events is given those.
    """

    name: str
    events: tuple[type[Event], ...]
    react: React
    table: str | None = None
    """The table that only this subscriber writes, where it is a projection: it may be dropped and replayed."""
    together: bool = False
    apart: bool = False
    """Whether its transactions are its own although it takes events together."""
    told: bool = False
    """Whether it is given each event as `Told`."""
    logged: bool = False
    """Whether it is given each event as the log holds it, its payload unread."""

    def given(self, logged: Logged) -> Any:
        """What `react` is given of an event of the log."""
        if self.logged:
            return logged
        if not self.told:
            return logged.event
        row = logged.row
        return Told(logged.event, row["event_id"], row["occurred_at"], logged.at.position)

    @property
    def shares(self) -> bool:
        """Whether it may have a transaction in common with others."""
        return self.together and not self.apart

    @cached_property
    def types(self) -> frozenset[str]:
        """The wire types that it hears."""
        return frozenset(event.TYPE for event in self.events)


def subscriber(react: React) -> Subscriber:
    """Make `react` a subscriber to the events that its first parameter names. Its name is context.function."""
    return Subscriber(_name(react), *_heard(react))


def apart(one: Subscriber) -> Subscriber:
    """Give `one` transactions of its own: it locks rows that many commands want, or has an effect elsewhere."""
    return replace(one, apart=True)


def projection(table: str) -> Callable[[React], Subscriber]:
    """Make the function the only writer of `table` (schema.table)."""
    return lambda react: replace(subscriber(react), table=table)


class Here:
    """What listeners see of the process that they are in, and where in the log they are."""

    def __init__(self, parts: Mapping[type, object]) -> None:
        self._parts = parts
        self.since = START
        """From here on everything was heard by this process: its start, or its last reset."""
        self.at = START
        """Where the event stands that is being heard."""
        self.age_ms = 0.0
        """Milliseconds since the transaction that told it began."""
        self.trace_id = ""
        """The trace of whoever told it."""

    def peer(self, protocol: type[P]) -> P:
        """The process's own answerer to `protocol`: its cache, its search reader, its streams."""
        return cast(P, self._parts[protocol])


Hear = Callable[[Any, Here], None]
Reset = Callable[[Here], None]


@dataclass(frozen=True)
class Listener:
    """`hear(event, here)` for each event of `events`, in every process, in order per key; quick, and never waits.

    `reset(here)` is called when events may have been missed, or `hear` broke: whatever they would have told is unknown.
    """

    name: str
    events: tuple[type[Event], ...]
    hear: Hear
    reset: Reset | None = None


@overload
def listener(hear: Hear) -> Listener: ...
@overload
def listener(*, reset: Reset) -> Callable[[Hear], Listener]: ...
def listener(hear: Hear | None = None, *, reset: Reset | None = None) -> Listener | Callable[[Hear], Listener]:
    """Make the function a listener to the events that its first parameter names. Its name is context.function."""

    def mark(function: Hear) -> Listener:
        return Listener(_name(function), _heard(function)[0], function, reset)

    return mark if hear is None else mark(hear)


def _name(react: Callable[..., Any]) -> str:
    context = react.__module__.split(".contexts.")[-1].split(".")[0]
    return f"{context}.{react.__name__}"


def _heard(react: Any) -> tuple[tuple[type[Event], ...], React, None, bool, bool, bool]:
    first = next(iter(inspect.signature(react).parameters))
    hint = get_type_hints(react)[first]
    together, apart_, told = get_origin(hint) is Sequence, False, False
    if together:
        (hint,) = get_args(hint)
    if get_origin(hint) is Told:
        (hint,), told = get_args(hint), True
    events = tuple(get_args(hint)) if isinstance(hint, UnionType) else (hint,)
    return events, react, None, together, apart_, told
