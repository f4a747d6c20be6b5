"""Processes that live long: what they are made of is not looked through again and again for garbage."""

import gc
from typing import Final

WORKS: Final = (10_000, 10, 10)
"""For who works: new objects after which the collector looks at what is new, how many such looks come before one at
what the former have left, and how many of these before one at everything. Rows and documents come and go by the
thousand, and are freed without it; it is needed for circles only, which are few."""
ANSWERS: Final = (1_000, 5, 200)
"""The same for who answers: nobody is answered while it looks, and a look at a hundred thousand objects takes 15 to 40
ms. Looks at little are short; together they cost more, and everything is looked at as seldom."""


def set_aside(*, answers: bool = False) -> None:
    """Keep everything that is loaded by now out of the collector's sight; call once, when the process is ready.

    `answers`: somebody waits for what this process says.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*(ANSWERS if answers else WORKS))
