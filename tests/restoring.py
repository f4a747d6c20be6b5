"""A database restored from a dump into a cluster whose transaction ids are elsewhere, and what the guide does then."""

import re
from typing import Any, Final

from tests.house.tree import REPOSITORY

TABLES: Final = """
    SELECT table_schema || '.' || table_name FROM information_schema.columns
    WHERE column_name = 'stamp' ORDER BY 1
"""
AHEAD: Final = 1_000_000_000


def mending() -> str:
    """The statements of the guide that are run before the first start on a restored dump."""
    guide = (REPOSITORY / "docs" / "guides" / "operating.md").read_text()
    section = guide.partition("\n## Backup and restore\n")[2].partition("\n## ")[0]
    (statements,) = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    return str(statements)


async def stamped(connection: Any) -> list[str]:
    """Every table whose rows bear a place in the log of the cluster that they were written in."""
    return [row[0] for row in await connection.fetch(TABLES)]


async def as_restored(connection: Any) -> None:
    """Have every stamp be of a cluster that is far ahead of this one."""
    for table in await stamped(connection):
        await connection.execute(f"UPDATE {table} SET stamp = stamp + {AHEAD}")
