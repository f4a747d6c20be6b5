"""The shop as a later release might have it: the saga of an order has one step more, in the midst of the others."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tradewind.contexts.orders import manifest
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contracts.outcomes import Done, Outcome
from tradewind.runtime.database import Tx
from tradewind.runtime.saga.definition import Local, Saga, Step, Task

ADDED: Final = "screen_order"
BEFORE: Final = "confirm_reservation"


async def screen(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """Nothing is wrong with any of them; the journal tells that it was looked at."""
    return [Done()] * len(tasks)


def next_saga() -> Saga:
    """Version 2, which still carries what began as version 1."""
    at = [step.name for step in PLACE_ORDER.steps].index(BEFORE)
    steps = (*PLACE_ORDER.steps[:at], Step(name=ADDED, do=Local(screen)), *PLACE_ORDER.steps[at:])
    return replace(PLACE_ORDER, version=PLACE_ORDER.version + 1, steps=steps, earlier=(PLACE_ORDER,))


def take_effect() -> None:
    """Let this process be of that release: whoever knows the saga knows the new one."""
    saga = next_saga()
    for module in [one for name, one in sys.modules.items() if name.startswith("tradewind.contexts.orders.")]:
        if getattr(module, "PLACE_ORDER", None) is PLACE_ORDER:
            module.PLACE_ORDER = saga  # type: ignore[attr-defined]
    others = tuple(one for one in manifest.MANIFEST.sagas if one.name != saga.name)
    manifest.MANIFEST = replace(manifest.MANIFEST, sagas=(saga, *others))
