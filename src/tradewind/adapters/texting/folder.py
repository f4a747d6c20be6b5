"""Texts as files (JSON) in a folder of the home: what a shop without a carrier does with what it writes."""

import asyncio
import os
import secrets
from pathlib import Path

import msgspec

from tradewind.kernel.errors import Unavailable
from tradewind.ports.texting import Text


class TextNotWritten(Unavailable):
    """The text could not be written into the home's folder of texts."""


class FolderTexts:
    """Each text is `<user>.<id>.json`, readable by the shop's user only; sent again, it takes its own place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, text: Text) -> None:
        """Write the text, whole or not at all. Raises TextNotWritten."""
        try:
            await asyncio.to_thread(self._write, f"{_named(text.user_id)}.{text.id}.json", msgspec.json.encode(text))
        except OSError as error:
            raise TextNotWritten from error

    async def forget(self, user_id: str) -> None:
        """Remove the user's texts, for good. Raises TextNotWritten where the folder does not let that happen."""
        try:
            await asyncio.to_thread(self._remove, _named(user_id))
        except OSError as error:
            raise TextNotWritten from error

    def _remove(self, user: str) -> None:
        for path in self._folder.glob(f"{user}.*.json"):
            path.unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f".{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._folder / name)
        finally:
            draft.unlink(missing_ok=True)


def _named(user_id: str) -> str:
    """A user's id as a part of a file's name: nothing that leads out of the folder or means more than itself."""
    return "".join(sign for sign in user_id if sign.isascii() and (sign.isalnum() or sign == "-")) or "nobody"
