"""Looks for marks everywhere: every table of every schema, every file of a folder. What is new is looked at too."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

TABLES: Final = """
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY 1
"""
Found = set[tuple[str, str]]
"""(name of the mark, place)."""


def forms(mark: str) -> tuple[str, ...]:
    """How a mark may be written: as it is, without spaces, its bytes in hexadecimal. All in small letters."""
    plain = mark.lower()
    return plain, "".join(plain.split()), mark.encode().hex(), plain.encode().hex()


def seen(text: str, marks: Mapping[str, str]) -> Iterable[str]:
    """The names of the marks that a text holds."""
    small = text.lower()
    return (name for name, mark in marks.items() if any(form in small for form in forms(mark)))


async def in_database(connection: Any, marks: Mapping[str, str]) -> Found:
    """Where in which table they are. A row is read as text: every column, arrays, JSON, and bytes in hexadecimal."""
    found: Found = set()
    for table in await tables(connection):
        for row in await connection.fetch(f"SELECT t::text AS text FROM {table} AS t"):
            found |= {(name, table) for name in seen(row["text"], marks)}
    return found


async def tables(connection: Any) -> list[str]:
    """Every table there is, but the server's own."""
    return [row["name"] for row in await connection.fetch(TABLES)]


def in_files(folder: Path, marks: Mapping[str, str]) -> Found:
    """Which files hold them, also in their names."""
    found: Found = set()
    for path in folder.rglob("*"):
        content = path.read_bytes().decode("latin-1") if path.is_file() else ""
        found |= {(name, str(path.relative_to(folder))) for name in seen(f"{path.name}\n{content}", marks)}
    return found


def in_memory(parts: Iterable[object], marks: Mapping[str, str]) -> Found:
    """Which parts of a process hold them, to the depth of what they keep: caches, sets, tables of a few thousand."""
    return {(name, type(part).__name__) for part in parts for name in seen(_shown(part), marks)}


def _shown(part: object, depth: int = 4) -> str:
    if depth and hasattr(part, "__dict__"):
        return " ".join(_shown(value, depth - 1) for value in vars(part).values())
    return repr(part)
