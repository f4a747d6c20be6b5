"""A folder of pictures. A file is named by its content's hash, so what is there is never changed, only added to."""

import asyncio
import os
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from tradewind.contexts.catalog._media.renditions import Renditions, render

AT_ONCE: Final = 1
"""Pictures that one process works on at once: buyers need the other core."""
_ORIGINAL: Final = "original"
"""As it came, with whatever the camera noted: kept to make other renditions from one day, never served."""


class Kept(Struct, frozen=True, kw_only=True):
    """A picture whose files are all there."""

    hash: str
    width: int
    height: int


class MediaFolder:
    """Pictures under `folder`, HOME/media. Whoever needs it asks for it by this class, as for a peer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def keep(self, content: bytes) -> Kept:
        """Make the renditions in a thread and keep them; refuses InvalidImage. The same picture again is the same."""
        async with self._turn:
            return await asyncio.to_thread(self._keep, content)

    async def read(self, digest: str, name: str) -> bytes | None:
        """A rendition's file, where there is such a one."""
        return await asyncio.to_thread(self._read, digest, name)

    def _keep(self, content: bytes) -> Kept:
        digest = sha256(content).hexdigest()
        made: Renditions = render(content)
        place = self._place(digest)
        place.mkdir(parents=True, exist_ok=True)
        for name, file in {**made.files, _ORIGINAL: content}.items():
            if not (place / name).exists():
                _write(place / name, file)
        return Kept(hash=digest, width=made.width, height=made.height)

    def _read(self, digest: str, name: str) -> bytes | None:
        try:
            return (self._place(digest) / name).read_bytes()
        except FileNotFoundError:
            return None

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, whoever else is writing the same."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
