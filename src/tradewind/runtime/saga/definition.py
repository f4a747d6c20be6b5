"""What a saga is made of: steps; what each does, how it is undone, how long it may take, how often it is tried."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

from tradewind.contracts.outcomes import Outcome
from tradewind.kernel.errors import Unavailable
from tradewind.runtime.call import Call
from tradewind.runtime.database import Tx


@dataclass(frozen=True)
class Task:
    """One saga at one step. `effect_key` is the same however often the step runs: every remote effect carries it."""

    saga_id: UUID
    effect_key: str
    call: Call
    why: str | None = None
    refused: bool = False


@dataclass(frozen=True)
class Local:
    """Work inside our own database: `run(tx, tasks)` gives an outcome for each; effect and saga commit together."""

    run: Callable[[Tx, Sequence[Task]], Awaitable[Sequence[Outcome]]]


@dataclass(frozen=True)
class Remote:
    """A call to somebody else, never inside a transaction.

    `prepare(tx, tasks)` gives for each task a wish, or an outcome where there is nothing to ask. `ask(task, wish)`
    makes the call; raising Unavailable means that the outcome is unknown. `record(tx, answered)` books the answers.
    """

    prepare: Callable[[Tx, Sequence[Task]], Awaitable[Sequence[Any]]]
    ask: Callable[[Task, Any], Awaitable[Any]]
    record: Callable[[Tx, Sequence[tuple[Task, Any]]], Awaitable[Sequence[Outcome]]]
    at_once: int = 32
    """Calls under way at once in one worker."""


Work: TypeAlias = Local | Remote


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step. After `attempts` failures, or when `within` is over, it is undone too: silence may hide a yes."""

    name: str
    do: Work
    undo: Work | None = None
    within: timedelta = timedelta(seconds=60)
    attempts: int = 5


class UnknownVersion(Unavailable):
    """A later release of the shop carries this; it will answer once it is back."""


@dataclass(frozen=True, kw_only=True)
class Saga:
    """Steps in order. Before the step named `pivot` is done everything can be undone; after it, only carried on.

    `end` is what makes the failure known once everything is undone. Sagas in flight keep the `version` they began with:
    whoever makes another leaves the one before among `earlier` until `tradewind saga list` shows none of it.
    """

    name: str
    version: int
    steps: tuple[Step, ...]
    pivot: str
    end: Local
    within: timedelta = timedelta(hours=24)
    undo_attempts: int = 8
    earlier: tuple["Saga", ...] = ()
    pivot_index: int = field(init=False)

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        assert len(set(names)) == len(names), "two steps of one name"
        object.__setattr__(self, "pivot_index", names.index(self.pivot))

    def as_of(self, version: int) -> "Saga":
        """The definition that a saga of this version goes by.

        Raises:
            UnknownVersion: A later release of the shop began it.

        """
        for one in (self, *self.earlier):
            if one.version == version:
                return one
        raise UnknownVersion(saga=self.name, version=version)

    @property
    def kind(self) -> str:
        """Name and version, as a saga row carries them."""
        return f"{self.name}@{self.version}"
