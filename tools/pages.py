"""Makes the pages that follow from the code: `python -m tools.pages [--check]`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tools import connector_pages, event_page, lifecycle_page, rest_tables, settings_table

REPOSITORY: Final = Path(__file__).resolve().parent.parent
PAGES: Final[dict[str, Callable[[str], str]]] = {
    "docs/events.md": lambda _old: event_page.page(),
    "docs/lifecycles.md": lambda _old: lifecycle_page.page(),
    "docs/guides/rest.md": rest_tables.into,
    "README.md": settings_table.into,
    **connector_pages.CONNECTORS,
}
"""Page to a function from what it holds to what it should hold."""


def stale(repository: Path = REPOSITORY) -> dict[str, str]:
    """The pages that are not what the code gives, with what they should hold."""
    found = {}
    for name, make in PAGES.items():
        file = repository / name
        held = file.read_text() if file.exists() else ""
        if (wanted := make(held)) != held:
            found[name] = wanted
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or with --check only say which are stale; exit code 1 then."""
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check: bool = parser.parse_args(arguments).check
    found = stale()
    for name, text in found.items():
        if not check:
            (REPOSITORY / name).parent.mkdir(parents=True, exist_ok=True)
            (REPOSITORY / name).write_text(text)
        print(f"{name} is stale; run: make docs" if check else f"wrote {name}")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
