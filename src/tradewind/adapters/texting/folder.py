"""Texts as files (JSON) in a folder of the home: what a shop without a carrier does with what it writes."""

from pathlib import Path

import msgspec

from tradewind.adapters.own_files import OwnFiles
from tradewind.kernel.errors import Unavailable
from tradewind.ports.texting import Text


class TextNotWritten(Unavailable):
    """The text could not be written into the home's folder of texts."""


class FolderTexts:
    """Each text is `<user>.<id>.json`, readable by the shop's user only; sent again, it takes its own place."""

    def __init__(self, folder: Path) -> None:
        self._files = OwnFiles(folder, "json")

    async def send(self, text: Text) -> None:
        """Write the text, whole or not at all. Raises TextNotWritten."""
        try:
            await self._files.write(text.user_id, text.id, msgspec.json.encode(text))
        except OSError as error:
            raise TextNotWritten from error

    async def forget(self, user_id: str) -> None:
        """Remove the user's texts, for good. Raises TextNotWritten where the folder does not let that happen."""
        try:
            await self._files.remove(user_id)
        except OSError as error:
            raise TextNotWritten from error
