"""Writes docs/lifecycles.md: the lifecycle tables and the sagas, drawn from the code that runs."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from msgspec.structs import replace

from tradewind import contexts
from tradewind.app.wiring import manifests
from tradewind.kernel.lifecycle import Lifecycle
from tradewind.runtime.saga.advance import (
    Cancel,
    Compensate,
    Message,
    Retry,
    State,
    StepDone,
    StepFailed,
    StepRefused,
    advance,
)
from tradewind.runtime.saga.definition import Remote, Saga, Step, Work

HEAD: Final = """# Lifecycles and sagas

Drawn from the tables and definitions that the shop runs by. Made by `make docs`; do not edit.

An arrow is named by what makes the move. Whatever has no arrow is refused.
"""
SAGAS: Final = """
## Sagas

A saga goes down its steps; each outcome commits with the next step. A step that is refused, or fails too often or too
long, has everything before it undone, in reverse; where the outcome is unknown the step itself is undone too, because
silence may hide a yes. After the **pivot** it is only carried on. What cannot be settled by itself is parked for a
person (NEEDS_ATTENTION): see [operating](guides/operating.md).
"""


def page() -> str:
    """The page, as docs/lifecycles.md holds it."""
    sagas = sorted((saga for one in manifests() for saga in one.sagas), key=lambda saga: saga.kind)
    tables = [_table(title, table) for title, table in sorted(lifecycles().items())]
    return "".join([HEAD, *tables, SAGAS, *map(_saga, sagas), _phases(sagas)])


def lifecycles() -> dict[str, Lifecycle[Any]]:
    """Every lifecycle table of every context, by `context: what lives`."""
    found = {}
    for module in pkgutil.walk_packages(contexts.__path__, f"{contexts.__name__}."):
        if "._domain." in module.name and ".test_" not in module.name:
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Lifecycle):
                    parts = module.name.split(".")
                    found[f"{parts[-1].capitalize()} ({parts[2]})"] = value
    return found


def _table(title: str, table: Lifecycle[Any]) -> str:
    arrows = [(source, by.__name__, target) for source, by, target in table.arrows]
    return f"\n## {title}\n\n{_diagram(arrows)}\n| from | by | to |\n| --- | --- | --- |\n" + "".join(
        f"| {source.value} | {by} | {target.value} |\n" for source, by, target in arrows
    )


def _diagram(arrows: list[tuple[StrEnum, str, StrEnum]]) -> str:
    sources, targets = {source for source, _, _ in arrows}, {target for _, _, target in arrows}
    states = dict.fromkeys(state for source, _, target in arrows for state in (source, target))
    lines = [
        *(f"[*] --> {state.value}" for state in states if state not in targets),
        *(f"{source.value} --> {target.value}: {by}" for source, by, target in arrows),
        *(f"{state.value} --> [*]" for state in states if state not in sources),
    ]
    return _mermaid("stateDiagram-v2", lines)


def _mermaid(kind: str, lines: list[str]) -> str:
    return "\n".join(["```mermaid", kind, *(f"    {line}" for line in lines), "```", ""])


def _saga(saga: Saga) -> str:
    head = "| step | does | undone by | within | tries |\n| --- | --- | --- | --- | --- |\n"
    rows = [
        f"| {'**' + step.name + '** (pivot)' if step.name == saga.pivot else step.name} | {_work(step.do)} "
        f"| {_work(step.undo) if step.undo else '–'} | {_span(step.within)} | {step.attempts} |\n"
        for step in saga.steps
    ]
    tail = f"The whole: within {_span(saga.within)}. An undo is tried {saga.undo_attempts} times.\n"
    return f"\n### {saga.kind}\n\n{_steps(saga)}\n{head}{''.join(rows)}\n{tail}"


def _work(work: Work) -> str:
    return "asks somebody else, outside any transaction" if isinstance(work, Remote) else "in its own transaction"


def _span(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds} s"


def _steps(saga: Saga) -> str:
    before = saga.steps[: saga.pivot_index + 1]
    undone = [step for step in before if step.undo]
    chain = [f"undo_{step.name}[undo {step.name}]" for step in reversed(undone)]
    lines = [
        " --> ".join(["begin([STARTED])", *(_box(step, saga) for step in saga.steps), "done([COMPLETED])"]),
        " --> ".join([*chain, "end_[make the failure known]", "failed([FAILED])"]),
        *(f"{step.name} -. fails .-> {_landing(step, before)}" for step in before),
        *(f"{step.name} -. fails .-> attention([NEEDS_ATTENTION])" for step in saga.steps[saga.pivot_index + 1 :]),
    ]
    return _mermaid("flowchart LR", lines)


def _box(step: Step, saga: Saga) -> str:
    return f"{step.name}{{{{{step.name}}}}}" if step.name == saga.pivot else f"{step.name}[{step.name}]"


def _landing(step: Step, before: tuple[Step, ...]) -> str:
    """Where undoing begins when this step fails: at the last step up to it that has anything to undo."""
    return next((f"undo_{one.name}" for one in reversed(before[: before.index(step) + 1]) if one.undo), "end_")


def _phases(sagas: list[Saga]) -> str:
    arrows: dict[tuple[str, str], set[str]] = {}
    for saga in sagas:
        for before, message, after in _moves(saga):
            arrows.setdefault((before, after), set()).add(message)
    lines = ["[*] --> STARTED"]
    lines += [f"{before} --> {after}: {', '.join(sorted(by))}" for (before, after), by in sorted(arrows.items())]
    return (
        f"\n### Phases of every saga\n\n{_mermaid('stateDiagram-v2', [*lines, 'COMPLETED --> [*]', 'FAILED --> [*]'])}"
    )


def _moves(saga: Saga) -> Iterator[tuple[str, str, str]]:
    """Every change of phase that the saga's mind knows, found by telling it everything in every state it can reach."""
    waiting, known = [State()], {State()}
    while waiting:
        state = waiting.pop()
        for message in _messages(state):
            after = replace(advance(saga, state, message), attempt_group=0)
            if after.phase is not state.phase:
                yield state.phase.value, type(message).__name__, after.phase.value
            if after not in known:
                known.add(after)
                waiting.append(after)


def _messages(state: State) -> Iterator[Message]:
    step, undoing = state.step, state.undoing
    yield StepDone(step=step, undoing=undoing)
    yield StepRefused(step=step, undoing=undoing, why="no")
    yield StepFailed(step=step, undoing=undoing, why="silence")
    yield StepFailed(step=step, undoing=undoing, why="silence", final=True)
    yield from (Cancel("off"), Retry(), Compensate("undone"))
