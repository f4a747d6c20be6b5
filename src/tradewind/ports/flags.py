"""Feature flags: what the shop's owner turns on and off, or on for some customers, while the shop runs.

A flag is asked once, at the edge of a use case: what has begun goes on as it began, so no saga asks for one. Each has
a default that holds where nobody says otherwise, and while who decides has never answered; afterwards what was said
last holds. An answer comes out of memory: no flag waits for a network or a disk.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from tradewind.kernel.errors import Unavailable

RETRY_AFTER_S: Final = 60
"""When somebody who met a switch that is off may look again."""


class Flag(NamedTuple):
    """One thing that can be switched. `by_customer`: on for some customers and off for others, the same each time."""

    name: str
    default: bool
    about: str
    by_customer: bool = False


CHECKOUT: Final = Flag("checkout", True, "orders are taken; those that were placed go on either way")
REVIEWS: Final = Flag("reviews", True, "new reviews are taken; those there are stay")
RECOMMENDATIONS: Final = Flag("recommendations", True, "products are recommended", by_customer=True)
ASSISTANT: Final = Flag("assistant", True, "the shopping assistant answers", by_customer=True)
FLAGS: Final = (CHECKOUT, REVIEWS, RECOMMENDATIONS, ASSISTANT)
"""All there are: nobody can say anything of others."""


class Standing(NamedTuple):
    """How one flag stands. `value`: for people. `source`: who says so."""

    flag: Flag
    value: str
    source: str


class Flags(Protocol):
    """Answers at once, the same in every process within some seconds of a change, and never raises."""

    def on(self, flag: Flag, customer: str = "") -> bool:
        """Whether it is on, for this customer where it is by customer. Who has no name is one customer."""
        ...

    def standings(self) -> Sequence[Standing]:
        """How each flag stands."""
        ...


class SwitchedOff(Unavailable):
    """The shop's owner has switched this off for now; come back later."""

    def __init__(self, flag: Flag) -> None:
        super().__init__(retry_after_s=RETRY_AFTER_S, flag=flag.name)
