"""Callers who ask one after the other, many at once, and how long each had to wait."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import perf_counter
from typing import Any

from msgspec import Struct


class Run(Struct, frozen=True, kw_only=True, rename="camel"):
    """One measured run: orders a second, and what callers waited, in milliseconds."""

    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


def run_of(seconds: float, waited_s: Sequence[float]) -> Run:
    """What a run of `seconds` in which callers waited so long comes to."""
    ordered = sorted(waited_s)
    return Run(
        per_second=len(ordered) / seconds,
        p50_ms=percentile(ordered, 0.50) * 1000,
        p95_ms=percentile(ordered, 0.95) * 1000,
        p99_ms=percentile(ordered, 0.99) * 1000,
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed; 0 of none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def drive(callers: Sequence[Callable[[Any], Awaitable[object]]], asked: Iterable[Any]) -> Run:
    """Let each caller take the next of `asked` as soon as it has its answer. The first failure ends the run."""
    waited_s: list[float] = []
    left = iter(asked)

    async def keep_asking(ask: Callable[[Any], Awaitable[object]]) -> None:
        for one in left:
            began = perf_counter()
            await ask(one)
            waited_s.append(perf_counter() - began)

    began = perf_counter()
    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(keep_asking(caller))
    return run_of(perf_counter() - began, waited_s)
