"""What an audit found: a check for each promise, as JSON for scripts and as a table for people."""

import msgspec
from msgspec import Struct
from rich.table import Table

SHOWN = 20
"""Violations that a check names; of the others it tells how many there are."""


class Check(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One promise. `checked`: rows looked at; `in_flight`: those of them that are still on their way, which is fine."""

    name: str
    ok: bool
    checked: int
    violations: list[str]
    in_flight: int = 0


class Report(Struct, frozen=True, kw_only=True):
    """Every check of one audit. `ok`: not one violation."""

    ok: bool
    checks: list[Check]

    @classmethod
    def of(cls, checks: list[Check]) -> "Report":
        """The report that these checks make."""
        return cls(ok=all(check.ok for check in checks), checks=checks)

    def to_json(self) -> str:
        """{ok, checks: [{name, ok, checked, violations}]}; `in_flight` is added where it is not zero."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    def table(self) -> Table:
        """The same for people; violations stand below it, one a line (`lines`)."""
        table = Table(title="Audit", title_justify="left")
        for column, justify in (("check", "left"), ("", "left"), ("checked", "right"), ("in flight", "right")):
            table.add_column(column, justify=justify)  # type: ignore[arg-type]
        for check in self.checks:
            sign = "[green]ok[/]" if check.ok else "[red]VIOLATED[/]"
            table.add_row(check.name, sign, f"{check.checked:,}", f"{check.in_flight:,}" if check.in_flight else "")
        return table

    def lines(self) -> list[str]:
        """Each violation, after the name of its check."""
        return [f"{check.name}: {violation}" for check in self.checks for violation in check.violations]


class Findings:
    """Collects what one check finds, however much that is, in bounded memory."""

    def __init__(self, name: str, advice: str) -> None:
        self.name, self.advice = name, advice
        self.checked = self.in_flight = self.violated = 0
        self._shown: list[str] = []

    def violation(self, wrong: str) -> None:
        """Note what is wrong with which rows."""
        self.violated += 1
        if len(self._shown) < SHOWN:
            self._shown.append(wrong)

    def check(self) -> Check:
        """What came of it; each violation says what to do next."""
        violations = [f"{wrong}. Next: {self.advice}" for wrong in self._shown]
        if self.violated > len(violations):
            violations.append(f"and {self.violated - len(violations):,} more of this kind")
        return Check(
            name=self.name,
            ok=self.violated == 0,
            checked=self.checked,
            violations=violations,
            in_flight=self.in_flight,
        )
