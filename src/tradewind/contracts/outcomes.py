"""How a peer answers a step of somebody else's saga."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Done:
    """The step's effect stands."""


@dataclass(frozen=True)
class Refused:
    """A final no: nothing was done, asking again would get the same answer."""

    why: str


@dataclass(frozen=True)
class Failed:
    """No answer, or none that settles it: the effect may or may not stand. `final`: nobody should ask again."""

    why: str
    final: bool = False


@dataclass(frozen=True)
class Waiting:
    """Not yet: a signal will wake the saga, or the time will come to look again.

    `heard`: whoever was asked has answered so, and failures before that count no more. `next_action`: where the buyer
    must prove themselves first.
    """

    for_s: float
    heard: bool = False
    next_action: str | None = None


Outcome: TypeAlias = Done | Refused | Failed | Waiting
