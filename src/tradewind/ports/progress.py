"""How far a copy that is kept elsewhere is with the log that it is made from: it says so itself."""

from typing import Final, NamedTuple

MAX_BEHIND_S: Final = 30.0
"""Seconds after which what nobody has brought up to date is not believed any more."""


class Reached(NamedTuple):
    """A place in the log: everything up to it is in the copy."""

    stamp: int
    position: int


NOWHERE: Final = Reached(0, 0)
"""Where nothing is in it yet."""
