"""A fulfilment order at a warehouse's own system: a table of from, by, to. Pure."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from tradewind.kernel.lifecycle import Lifecycle

ASK_EVERY: Final = timedelta(seconds=30)
"""So often the system is asked what was picked."""


class State(StrEnum):
    """How far it is."""

    WANTED = "WANTED"
    SENT = "SENT"
    DONE = "DONE"
    REFUSED = "REFUSED"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"


class Take:
    """The system will pick it."""


class Decline:
    """It will not, or what it says was picked cannot be."""


class Report:
    """It said what was picked."""


class CallOff:
    """It shall not be picked, at least not there."""


class Free:
    """The system will not pick it."""


class Keep:
    """The system has picked it already."""


LIFECYCLE = Lifecycle(
    (State.WANTED, Take, State.SENT),
    (State.WANTED, Decline, State.REFUSED),
    (State.WANTED, CallOff, State.CANCELING),
    (State.SENT, Report, State.DONE),
    (State.SENT, Decline, State.REFUSED),
    (State.SENT, CallOff, State.CANCELING),
    (State.CANCELING, Free, State.CANCELED),
    (State.CANCELING, Keep, State.DONE),
)
