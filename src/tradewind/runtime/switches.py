"""Use cases that the shop's owner can switch off: asked before a handler runs, after what was answered before.

So a key that was used before still gets its first answer, and nothing that has begun is stopped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tradewind.contracts.messages import Command
from tradewind.ports.flags import Flag, Flags, SwitchedOff
from tradewind.runtime.call import Call


@dataclass(frozen=True)
class Switch:
    """The flag of a use case. `unless`: which commands go through whatever it says."""

    flag: Flag
    unless: Callable[[Any], bool] = lambda _: False


def turned_away(switch: Switch | None, command: Command, call: Call, peers: Mapping[type, Any]) -> SwitchedOff | None:
    """The refusal, where the switch is off for whoever asks. Costs microseconds."""
    if switch is None or (flags := peers.get(Flags)) is None or switch.unless(command):
        return None
    return None if flags.on(switch.flag, call.actor.subject) else SwitchedOff(switch.flag)
