"""What the broker acknowledged to sensors and the shop has not taken in yet: a SQLite file that outlives the broker.

Each message gets a number that is never given again, and the file a name: together they tell a message from every
other one, and from its own repetition.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tradewind.kernel.ids import new_id

TABLES: Final = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS message (
        number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, payload BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS name (name TEXT NOT NULL);
"""
NAME: Final = "SELECT name FROM name"
CALL: Final = "INSERT INTO name VALUES (?)"
WRITE: Final = "INSERT INTO message (topic, payload) VALUES (?, ?)"
STRIKE: Final = "DELETE FROM message WHERE number = ?"
AFTER: Final = "SELECT number, topic, payload FROM message WHERE number > ? ORDER BY number LIMIT ?"
WAITING: Final = "SELECT count(*), coalesce(sum(length(payload)), 0) FROM message"
HIGHEST: Final = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'"


class Entry(NamedTuple):
    """One message that waits."""

    number: int
    topic: str
    payload: bytes


class Journal:
    """The file. Raises sqlite3.Error where it cannot be read or written."""

    def __init__(self, file: Path, *, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.executescript(TABLES)
        if not self._db.execute(NAME).fetchone():
            self._db.execute(CALL, (new_id().hex[-12:],))
        self.name: str = self._db.execute(NAME).fetchone()[0]
        self.waiting, self._bytes = self._db.execute(WAITING).fetchone()
        self.highest: int = self._db.execute(HIGHEST).fetchone()[0]
        self._sizes: dict[int, int] = {}

    def write(self, topic: str, payload: bytes) -> bool:
        """Keep a message; False where so many wait already that it must not be acknowledged."""
        if self.waiting >= self._most or self._bytes + len(payload) > self._most_bytes:
            return False
        self.highest = self._db.execute(WRITE, (topic, payload)).lastrowid or 0
        self.waiting += 1
        self._bytes += len(payload)
        return True

    def after(self, number: int, limit: int) -> Sequence[Entry]:
        """Those that follow `number`, at most so many."""
        found = [Entry(*row) for row in self._db.execute(AFTER, (number, limit))]
        self._sizes |= {one.number: len(one.payload) for one in found}
        return found

    def strike(self, number: int) -> None:
        """Let go of one that was taken in."""
        self._db.execute(STRIKE, (number,))
        self.waiting -= 1
        self._bytes -= self._sizes.pop(number)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
