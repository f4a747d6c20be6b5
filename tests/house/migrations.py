"""A release works on while the next one's migrations come: they add, and hold nobody up."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec
from msgspec import Struct

from tests.house.tree import Tree

BEFORE_THE_FIRST_RELEASE: Final = {
    "adapters/documents": 1,
    "adapters/payment_provider/journaled": 2,
    "adapters/streams": 2,
    "contexts/analytics": 1,
    "contexts/carts": 1,
    "contexts/catalog": 6,
    "contexts/customers": 1,
    "contexts/identity": 3,
    "contexts/inventory": 11,
    "contexts/notifications": 2,
    "contexts/orders": 7,
    "contexts/payments": 10,
    "contexts/pricing": 4,
    "contexts/recommendations": 2,
    "contexts/returns": 3,
    "contexts/reviews": 1,
    "contexts/shipping": 8,
    "contexts/webhooks": 2,
    "runtime": 4,
}
"""The newest migration of each folder that no release has run without; whatever comes later runs beside a release."""
SQUAWK: Final = Path(sys.executable).with_name("squawk")
LEAVE_OUT: Final = (
    "require-lock-timeout,require-statement-timeout,"  # runtime/migrate.py sets one, and comes again
    "prefer-robust-stmts,"  # it is applied once, in a transaction; what is not, begins with a DROP
    "ban-concurrent-index-creation-in-transaction,"  # a file that says so is applied outside one
    "prefer-bigint-over-int,prefer-bigint-over-smallint"
)
_CHANGED_TYPE: Final = re.compile(r"^\s*ALTER TYPE\b", re.MULTILINE | re.IGNORECASE)
_NAME: Final = re.compile(r"(\d{4})_\w+\.sql")


class Finding(Struct, frozen=True):
    """What Squawk says of one statement; lines from 0."""

    file: str
    line: int
    message: str
    rule_name: str


def migrations_let_the_release_before_work_on(tree: Tree) -> list[str]:
    """No migration since the first release takes away or changes what the one before uses, or locks it for long."""
    later = [path for path in tree.files if _is_later(path)]
    return [*_squawked(tree.root, later), *_changed_types(tree.root, later)]


def _is_later(path: PurePosixPath) -> bool:
    name = _NAME.fullmatch(path.name)
    if name is None or path.parts[:2] != ("src", "tradewind") or path.parent.name != "migrations":
        return False
    return int(name[1]) > BEFORE_THE_FIRST_RELEASE.get("/".join(path.parent.parts[2:-1]), 0)


def _squawked(root: Path, paths: Sequence[PurePosixPath]) -> list[str]:
    if not paths:
        return []
    how = ("--reporter", "json", "--pg-version", "15.0", "--assume-in-transaction", "--exclude", LEAVE_OUT)
    said = subprocess.run([str(SQUAWK), *how, *map(str, paths)], cwd=root, check=False, capture_output=True)
    return [
        f"{one.file}:{one.line + 1} {one.message} ({one.rule_name}; docs/guides/operating.md, New releases)"
        for one in msgspec.json.decode(said.stdout, type=list[Finding])
    ]


def _changed_types(root: Path, paths: Sequence[PurePosixPath]) -> list[str]:
    return [
        f"{path} changes a composite type, and the release before sends rows of it as it was. Make another type."
        for path in paths
        if _CHANGED_TYPE.search((root / path).read_text())
    ]
