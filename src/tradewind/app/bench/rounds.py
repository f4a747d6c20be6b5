"""Rounds of interleaved runs, so that whoever is compared saw the same machine at the same time."""

from collections.abc import Awaitable, Callable, Mapping
from statistics import median

from tradewind.app.bench.driving import Run

Measure = Callable[[int], Awaitable[Run]]
"""A run; it is told the number of its round."""


class Rounds:
    """What each of several contestants did in each round."""

    def __init__(self) -> None:
        self.runs: dict[str, list[Run]] = {}

    async def play(self, rounds: int, contestants: Mapping[str, Measure], say: Callable[[str], None]) -> None:
        """All contestants in turn, `rounds` times."""
        for number in range(rounds):
            for name, measure in contestants.items():
                run = await measure(number)
                self.runs.setdefault(name, []).append(run)
                say(f"  round {number + 1}, {name}: {run.per_second:,.0f}/s, p99 {run.p99_ms:.1f} ms")

    def per_second(self, *names: str) -> list[float]:
        """Of each round the best of `names`."""
        return [max(run.per_second for run in runs) for runs in zip(*(self.runs[name] for name in names), strict=True)]

    def ratio(self, name: str, *others: str) -> float:
        """How often `name` goes into the best of `others`: the median of the rounds' own ratios."""
        return median(
            mine / theirs for mine, theirs in zip(self.per_second(name), self.per_second(*others), strict=True)
        )

    def table(self) -> dict[str, Run]:
        """Each contestant's medians."""
        return {
            name: Run(**{field: median(getattr(run, field) for run in runs) for field in Run.__struct_fields__})
            for name, runs in self.runs.items()
        }
