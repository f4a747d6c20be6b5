"""What the shop writes for one person, as files in a folder of the home: whole or not at all, and to the disk."""

import os
import secrets
from pathlib import Path


class OwnFiles:
    """Each file is `<user>.<id>.<kind>`, readable by the shop's user only; written again, it takes its own place."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder, self._kind = folder, kind

    def write(self, user_id: str, id_: object, content: bytes) -> None:
        """Put it there. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f".{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._folder / f"{_named(user_id)}.{id_}.{self._kind}")
        finally:
            draft.unlink(missing_ok=True)
        self._sync()

    def remove(self, user_id: str) -> None:
        """Remove all of the user's, for good. Raises OSError."""
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


def _named(user_id: str) -> str:
    """A user's id as a part of a file's name: nothing that leads out of the folder or means more than itself."""
    return "".join(sign for sign in user_id if sign.isascii() and (sign.isalnum() or sign == "-")) or "nobody"
