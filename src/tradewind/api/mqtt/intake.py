"""What a slice says of the topics it takes in: the edge of MQTT, as a route is the edge of HTTP."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

Outcome = Literal["taken", "duplicate", "refused"]


class Delivered(Struct, frozen=True):
    """One message as it came. It may come again: who takes it in tells by what it says whether it is known."""

    topic: str
    payload: bytes


class Letter(Struct, frozen=True):
    """What is owed to the dead-letter topic."""

    id: UUID
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Messages of `topics` (an MQTT filter) and of one level below, which then is the message's id.

    `take(tx, messages)` takes them together and says of each, in their order, what came of it. It keeps what it refuses
    as a dead letter; `give_up(tx, message, why)` keeps one at which `take` breaks. `owed(tx, limit)` are the letters
    that `dead_letters`, a topic, has not heard of yet; `announced(tx, ids)` notes that it has.
    """

    name: str
    topics: str
    dead_letters: str
    take: Callable[[Any, Sequence[Delivered]], Awaitable[Sequence[Outcome]]]
    give_up: Callable[[Any, Delivered, str], None]
    owed: Callable[[Any, int], Awaitable[Sequence[Letter]]]
    announced: Callable[[Any, Sequence[UUID]], Awaitable[None]]
