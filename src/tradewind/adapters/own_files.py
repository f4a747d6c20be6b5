"""What the shop writes for one person, as files in a folder of the home: whole or not at all, and to the disk."""

import asyncio
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

AT_ONCE: Final = 64
"""Files that are written on one trip to a thread, and followed by one flush of their folder."""
FRESH: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class _Waiting(NamedTuple):
    """A file that is to be written, and who waits for it."""

    name: str
    content: bytes
    done: asyncio.Future[None]


class OwnFiles:
    """Each file is `<user>.<id>.<kind>`, readable by the shop's user only; written again, it takes its own place."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder, self._kind = folder, kind
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, user_id: str, id_: object, content: bytes) -> None:
        """Put it there, beside whatever else is to be written now; it is on the disk then. Raises OSError."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(f"{_named(user_id)}.{id_}.{self._kind}", content, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_waiting())
        await done

    async def remove(self, user_id: str) -> None:
        """Remove all of the user's, for good. Raises OSError."""
        await asyncio.to_thread(self._remove, user_id)

    async def _write_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            wanted = [one for one in batch if not one.done.done()]  # others have given up
            try:
                for one, trouble in zip(wanted, await asyncio.to_thread(self._put, wanted), strict=True):
                    _tell(one.done, trouble)
            finally:
                for one in wanted:
                    one.done.cancel()  # where the loop ends meanwhile; otherwise all are told by now

    def _put(self, batch: Sequence[_Waiting]) -> list[OSError | None]:
        """Write each, then flush the folder once; what became of each."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            troubles = [self._put_one(one) for one in batch]
            self._sync()
        except OSError as trouble:
            return [trouble] * len(batch)
        return troubles

    def _put_one(self, one: _Waiting) -> OSError | None:
        draft = self._folder / f".{secrets.token_hex(8)}"
        try:
            try:
                _write_out(os.open(draft, FRESH, 0o600), one.content)
                draft.replace(self._folder / one.name)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
        except OSError as trouble:
            return trouble
        return None

    def _remove(self, user_id: str) -> None:
        for path in self._folder.glob(f"{_named(user_id)}.*.{self._kind}"):
            path.unlink(missing_ok=True)
        if self._folder.exists():
            self._sync()

    def _sync(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _tell(done: asyncio.Future[None], trouble: OSError | None) -> None:
    if done.done():
        return  # whoever waited has given up
    if trouble is None:
        done.set_result(None)
    else:
        done.set_exception(trouble)


def _write_out(descriptor: int, content: bytes) -> None:
    """All of it, and to the disk."""
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _named(user_id: str) -> str:
    """A user's id as a part of a file's name: nothing that leads out of the folder or means more than itself."""
    return "".join(sign for sign in user_id if sign.isascii() and (sign.isalnum() or sign == "-")) or "nobody"
