"""Reads the ledger of requirements (docs/requirements.md) and tells what is met, by group.

`python -m tools.requirements [--json] [--open]`
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

LEDGER = Path(__file__).resolve().parent.parent / "docs" / "requirements.md"
_GROUP = re.compile(r"## (?P<name>.+)")
_LINE = re.compile(r"- \[(?P<mark>[ x])\] \*\*(?P<id>S\d-\d+)\*\* (?P<text>.+?)(?: — shown by: (?P<tests>.+))?")
_ITEM = re.compile(r"\s*- \[")
_TEST = re.compile(r"[\w./-]+\.py::\w+")


class UnreadableLedger(Exception):  # noqa: N818 -- names what happened
    """A line of the ledger has not the form that it must have."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One line of the ledger. `tests` are node ids without parameters, named when, and only when, it is met."""

    id: str
    group: str
    text: str
    met: bool
    tests: tuple[str, ...]


def read(ledger: str) -> list[Requirement]:
    """Every requirement in `ledger`'s text, in its order. Raises UnreadableLedger, naming the line."""
    return list(_read(ledger))


def _read(ledger: str) -> Iterator[Requirement]:
    group = ""
    for number, line in enumerate(ledger.splitlines(), start=1):
        if heading := _GROUP.fullmatch(line):
            group = heading["name"]
        elif _ITEM.match(line) and group:
            yield _requirement(line, number, group)


def _requirement(line: str, number: int, group: str) -> Requirement:
    match = _LINE.fullmatch(line)
    if not match:
        raise UnreadableLedger(f"line {number}: not '- [ ] **ID** (§) text' or '- [x] … — shown by: test': {line[:80]}")
    tests = tuple(name.strip(" `") for name in (match["tests"] or "").split(",") if name.strip())
    met = match["mark"] == "x"
    if met != bool(tests):
        raise UnreadableLedger(f"line {number}: {match['id']} is ticked when, and only when, it names its tests")
    if wrong := [name for name in tests if not _TEST.fullmatch(name)]:
        raise UnreadableLedger(f"line {number}: {match['id']} names {wrong[0]!r}; write path/test_x.py::test_name")
    return Requirement(id=match["id"], group=group, text=match["text"], met=met, tests=tests)


def by_group(requirements: Sequence[Requirement]) -> dict[str, tuple[int, int]]:
    """(met, open) of each group, in the ledger's order."""
    groups: dict[str, tuple[int, int]] = {}
    for one in requirements:
        met, still_open = groups.get(one.group, (0, 0))
        groups[one.group] = (met + one.met, still_open + (not one.met))
    return groups


def as_json(requirements: Sequence[Requirement]) -> str:
    """The whole ledger for programs."""
    groups = [{"group": name, "met": met, "open": left} for name, (met, left) in by_group(requirements).items()]
    met = sum(one.met for one in requirements)
    totals = {"met": met, "open": len(requirements) - met}
    return json.dumps({**totals, "groups": groups, "requirements": [asdict(one) for one in requirements]}, indent=2)


def as_table(requirements: Sequence[Requirement]) -> Table:
    """Met and open by group, and the sum."""
    table = Table(title="Requirements", show_footer=True)
    met = sum(one.met for one in requirements)
    table.add_column("group", footer="all")
    table.add_column("met", justify="right", footer=str(met))
    table.add_column("open", justify="right", footer=str(len(requirements) - met))
    for name, (done, left) in by_group(requirements).items():
        table.add_row(name, str(done), str(left))
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the ledger; exit code 1 when it cannot be read."""
    parser = argparse.ArgumentParser(prog="make requirements", description=__doc__)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--open", action="store_true", help="list what is not met yet")
    chosen = parser.parse_args(arguments)
    try:
        requirements = read(LEDGER.read_text())
    except UnreadableLedger as unreadable:
        print(f"docs/requirements.md, {unreadable}", file=sys.stderr)
        return 1
    if chosen.json:
        print(as_json(requirements))
        return 0
    Console().print(as_table(requirements))
    if chosen.open:
        print("\n".join(f"{one.id} {one.text}" for one in requirements if not one.met))
    return 0


if __name__ == "__main__":
    sys.exit(main())
