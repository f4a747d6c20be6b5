"""Processes that live long: what they are made of is not looked through again and again for garbage."""

import gc
from typing import Final

YOUNG: Final = 10_000
"""New objects after which the collector looks at what is new. Rows and documents come and go by the thousand, and are
freed without it; it is needed for circles only, which are few."""


def set_aside() -> None:
    """Keep everything that is loaded by now out of the collector's sight; call once, when the process is ready."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
