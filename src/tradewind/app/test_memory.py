"""How much the collector of garbage looks at in one go."""

import subprocess
import sys
from typing import Final

ALIVE: Final = 300_000
LOOKS: Final = f"""
import gc
from tradewind.app.memory import set_aside
at_once = []
def look(phase, _):
    if phase == "start":
        at_once.append(sum(len(gc.get_objects(generation)) for generation in (0, 1)))
set_aside(answers={{answers}})
gc.callbacks.append(look)
kept = [[] for _ in range({ALIVE})]
print(max(at_once))
"""


def most_looked_at(*, answers: bool) -> int:
    """Objects that are new, or were new at the looks before, at any look while some hundred thousand are made."""
    argv = [sys.executable, "-c", LOOKS.format(answers=answers)]
    return int(subprocess.run(argv, capture_output=True, check=True, text=True).stdout)


def test_who_answers_is_held_up_by_looks_at_few_objects_only() -> None:
    assert most_looked_at(answers=True) < 10_000
    assert most_looked_at(answers=False) > 100_000
