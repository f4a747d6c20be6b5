"""Mails as files (RFC 5322) in a folder of the home: what a shop without a mail server does with what it writes."""

import asyncio
import os
import secrets
from pathlib import Path
from typing import Final

from tradewind.adapters.mail.written import written
from tradewind.kernel.errors import Unavailable
from tradewind.ports.mail import Mail

DOMAIN: Final = "tradewind.localhost"
"""Of Message-IDs; where there is no mail server there is no name either."""


class MailNotWritten(Unavailable):
    """The mail could not be written into the home's folder of mails."""


class FolderMail:
    """Each mail is `<user>.<id>.eml`, readable by the shop's user only; sent again, it takes its own place."""

    def __init__(self, folder: Path, *, sender: str = f"shop@{DOMAIN}") -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Write the mail, whole or not at all, and to the disk. Raises MailNotWritten."""
        content = written(mail, self._sender, DOMAIN)
        try:
            await asyncio.to_thread(self._write, f"{_named(mail.user_id)}.{mail.id}.eml", content)
        except OSError as error:
            raise MailNotWritten from error

    async def forget(self, user_id: str) -> None:
        """Remove the user's mails, for good. Raises MailNotWritten where the folder does not let that happen."""
        try:
            await asyncio.to_thread(self._remove, _named(user_id))
        except OSError as error:
            raise MailNotWritten from error

    def _remove(self, user: str) -> None:
        for path in self._folder.glob(f"{user}.*.eml"):
            path.unlink(missing_ok=True)
        if self._folder.exists():
            self._sync_folder()

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
        self._sync_folder()

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _named(user_id: str) -> str:
    """A user's id as a part of a file's name: nothing that leads out of the folder or means more than itself."""
    return "".join(sign for sign in user_id if sign.isascii() and (sign.isalnum() or sign == "-")) or "nobody"
