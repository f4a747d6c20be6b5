"""Books of a simulated party: a folder of the home, a file a key, shared by every process of the shop."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from tradewind.kernel.errors import Unavailable

E = TypeVar("E")
T = TypeVar("T")


class BooksAway(Unavailable):
    """The folder of a simulated party cannot be read or written."""


class Books(Generic[E]):
    """Entries of one type. What is written once is never removed. All raise BooksAway."""

    def __init__(self, folder: Path, of: type[E]) -> None:
        self._folder, self._of = folder, of

    async def write_once(self, key: str, entry: E) -> E:
        """The entry of this key: `entry`, unless there was one before."""
        return await _at_disk(lambda: self._write_once(key, entry))

    async def write_over(self, key: str, entry: E) -> None:
        """Put `entry` in place of that of this key."""
        await _at_disk(lambda: self._draft(entry).replace(self._path(key)))

    async def read(self, key: str) -> E | None:
        """The entry of this key."""
        return await _at_disk(lambda: self._read(key))

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"

    def _read(self, key: str) -> E | None:
        try:
            return msgspec.json.decode(self._path(key).read_bytes(), type=self._of)
        except FileNotFoundError:
            return None

    def _draft(self, entry: E) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f".{secrets.token_hex(8)}"
        with draft.open("xb") as file:
            file.write(msgspec.json.encode(entry))
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _write_once(self, key: str, entry: E) -> E:
        draft = self._draft(entry)
        try:
            os.link(draft, self._path(key))
        except FileExistsError:
            found = self._read(key)
            assert found is not None, "entries are never removed"
            return found
        finally:
            draft.unlink()
        return entry


async def _at_disk(act: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(act)
    except OSError as trouble:
        raise BooksAway from trouble
