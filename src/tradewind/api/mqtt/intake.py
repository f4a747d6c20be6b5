"""What a slice says of the topics it takes in: the edge of MQTT, as a route is the edge of HTTP."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct


class Delivered(Struct, frozen=True):
    """One message as it came. It may come again: who takes it in tells by what it says whether it is known."""

    topic: str
    payload: bytes


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Messages of `topics` (an MQTT filter), taken together in one transaction by `take`.

    `take` answers for each, in their order, None or why it cannot be used; those are published on `dead_letters`.
    """

    name: str
    topics: str
    dead_letters: str
    take: Callable[[Any, Sequence[Delivered]], Awaitable[Sequence[str | None]]]
