"""The port's one answerer: asks a source through OpenFeature, and remembers what it said for a moment.

Through OpenFeature an answer takes some tens of microseconds, out of memory less than one; so what was answered holds
for LASTS_S, or until the source says something new.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.provider.no_op_provider import NoOpProvider

from tradewind.adapters.flags.source import EVERYBODY, Source, on_or_off
from tradewind.ports.flags import FLAGS, Flag, Standing
from tradewind.runtime.telemetry import metrics

LASTS_S: Final = 1.0
"""For so long an answer is remembered; a source looks as often whether anything has changed."""
REMEMBERED: Final = 4096
"""Answers, flags times customers; beyond that all are forgotten."""
_NUMBERS: Final = itertools.count(1)
"""OpenFeature knows providers by names within a process, and a process may have several shops."""


class OpenFeatureFlags:
    """Answers to ports.flags.Flags. Not for use by several threads at once. `clock`: seconds that only rise."""

    def __init__(self, source: Source, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._source, self._clock = source, clock
        self._domain = f"tradewind.{next(_NUMBERS)}"
        api.set_provider_and_wait(source, self._domain)
        self._client = api.get_client(self._domain)
        self._answers: dict[tuple[str, str], bool] = {}
        self._until_s = 0.0
        self._generation = -1
        self._counters: dict[tuple[str, bool], Any] = {}

    def on(self, flag: Flag, customer: str = "") -> bool:
        """Whether it is on, for this customer where it is by customer."""
        self._keep_up()
        key = flag.name, (customer if flag.by_customer else "") or EVERYBODY
        found = self._answers.get(key)
        if found is None:
            if len(self._answers) >= REMEMBERED:
                self._answers.clear()
            found = self._client.get_boolean_value(flag.name, flag.default, EvaluationContext(targeting_key=key[1]))
            self._answers[key] = found
        self._count(flag.name, found)
        return found

    def standings(self) -> Sequence[Standing]:
        """How each flag stands."""
        self._keep_up()
        return [Standing(flag, *self._source.says(flag)) for flag in FLAGS]

    def close(self) -> None:
        """OpenFeature forgets the source."""
        api.set_provider_and_wait(NoOpProvider(), self._domain)

    def _count(self, flag: str, found: bool) -> None:
        counter = self._counters.get((flag, found))
        if counter is None:
            counter = metrics.flag_evaluations_total.labels(flag, on_or_off(found))
            self._counters[flag, found] = counter
        counter.inc()

    def _keep_up(self) -> None:
        """Forget what was answered once it is old, or the source says something else."""
        now_s = self._clock()
        if now_s >= self._until_s:
            self._source.look()
            self._answers.clear()
            self._until_s = now_s + LASTS_S
        if self._generation != self._source.generation:
            self._answers.clear()
            self._generation = self._source.generation
