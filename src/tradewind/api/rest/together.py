"""Metrics of several processes on one page: each figure says by its label `process` whose it is."""

from collections.abc import Iterator, Mapping
from typing import Final

UP: Final = "shop_process_up"
_UP: Final = f"# HELP {UP} 1 where a process told its figures, 0 where it did not answer.\n# TYPE {UP} gauge\n"


def together(pages: Mapping[str, str | None]) -> str:
    """One page in Prometheus' text format, of the pages of processes by their names; None where one did not answer.

    What a metric means is said once, before the figures of all who have it.
    """
    heads: dict[str, dict[str, str]] = {}
    figures: dict[str, list[str]] = {}
    for process, page in (*pages.items(), ("", _standing(pages))):
        for family, word, line in _lines(page or ""):
            if word:
                heads.setdefault(family, {}).setdefault(word, line)
            else:
                figures.setdefault(family, []).append(_of(process, line) if process else line)
    return "".join(f"{line}\n" for family in figures for line in (*heads.get(family, {}).values(), *figures[family]))


def _standing(pages: Mapping[str, str | None]) -> str:
    return _UP + "".join(f'{UP}{{process="{name}"}} {int(page is not None)}\n' for name, page in pages.items())


def _lines(page: str) -> Iterator[tuple[str, str, str]]:
    """Each line with the metric that it belongs to; HELP or TYPE where it says what that is."""
    family = ""
    for line in page.splitlines():
        if line.startswith(("# HELP ", "# TYPE ")):
            _, word, family = line.split(" ", 3)[:3]
            yield family, word, line
        elif line and not line.startswith("#"):
            yield family, "", line


def _of(process: str, line: str) -> str:
    """A figure with one more label: `name{a="b"} 1` and `name 1` alike. No name of a metric has a brace or a space."""
    name, brace, rest = line.partition("{")
    if brace:
        return f'{name}{{process="{process}",{rest}'
    name, _, value = line.partition(" ")
    return f'{name}{{process="{process}"}} {value}'
