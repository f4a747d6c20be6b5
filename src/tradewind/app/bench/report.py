"""What was measured against what was aimed at, as a table and as JSON."""

import platform
from collections.abc import Mapping, Sequence
from os import cpu_count, getloadavg
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from tradewind.app.bench.driving import Run


class Goal(Struct, frozen=True, kw_only=True, rename="camel"):
    """One aim. `at_least`: more is better; otherwise `aim` is the most that it may be."""

    what: str
    aim: float
    measured: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it was reached."""
        return self.measured >= self.aim if self.at_least else self.measured < self.aim

    @property
    def verdict(self) -> str:
        """Met, or by how much it was missed."""
        return "met" if self.met else f"missed by {abs(self.measured - self.aim) / self.aim:.0%}"


class Figure(Struct, frozen=True, kw_only=True, rename="camel"):
    """Something worth knowing that nobody aimed at."""

    what: str
    measured: float
    unit: str


class Report(Struct, frozen=True, kw_only=True, rename="camel"):
    """All of one bench."""

    rounds: int
    runs: Mapping[str, Mapping[str, Run]]
    """By the number of SKUs, then by contestant."""
    goals: Sequence[Goal]
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = ()

    def as_json(self) -> str:
        """One document, with the machine it was measured on."""
        plain: Any = msgspec.to_builtins(self)
        plain["goals"] = [
            {**shown, "met": goal.met, "verdict": goal.verdict}
            for shown, goal in zip(plain["goals"], self.goals, strict=True)
        ]
        plain["machine"] = {"cores": cpu_count(), "python": platform.python_version(), "load": getloadavg()[0]}
        return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode()

    def show(self, console: Console) -> None:
        """Tables for people."""
        for skus, runs in self.runs.items():
            console.print(_speeds(skus, runs, self.rounds))
        console.print(_goals(self.goals))
        if self.figures:
            console.print(_figures(self.figures))
        for note in self.notes:
            console.print(note, markup=False, highlight=False)


def _speeds(skus: str, runs: Mapping[str, Run], rounds: int) -> Table:
    table = Table(title=f"Placing orders on {skus}, medians of {rounds} rounds", title_justify="left")
    for column in ("", "orders/s", "p50 ms", "p95 ms", "p99 ms"):
        table.add_column(column, justify="left" if not column else "right")
    for name, run in runs.items():
        table.add_row(name, f"{run.per_second:,.0f}", f"{run.p50_ms:.1f}", f"{run.p95_ms:.1f}", f"{run.p99_ms:.1f}")
    return table


def _goals(goals: Sequence[Goal]) -> Table:
    table = Table(title="Goals", title_justify="left")
    for column in ("", "goal", "measured", ""):
        table.add_column(column, justify="right" if column else "left")
    for goal in goals:
        aim = f"{'≥' if goal.at_least else '<'} {goal.aim:,g} {goal.unit}"
        colour = "green" if goal.met else "red"
        table.add_row(goal.what, aim, f"{goal.measured:,.2f} {goal.unit}", f"[{colour}]{goal.verdict}[/{colour}]")
    return table


def _figures(figures: Sequence[Figure]) -> Table:
    table = Table(title="Figures", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for figure in figures:
        table.add_row(figure.what, f"{figure.measured:,.1f} {figure.unit}")
    return table
