"""Mails as files (RFC 5322) in a folder of the home: what a shop without a mail server does with what it writes."""

from pathlib import Path
from typing import Final

from tradewind.adapters.mail.written import written
from tradewind.adapters.own_files import OwnFiles
from tradewind.kernel.errors import Unavailable
from tradewind.ports.mail import Mail

DOMAIN: Final = "tradewind.localhost"
"""Of Message-IDs; where there is no mail server there is no name either."""


class MailNotWritten(Unavailable):
    """The mail could not be written into the home's folder of mails."""


class FolderMail:
    """Each mail is `<user>.<id>.eml`, readable by the shop's user only; sent again, it takes its own place."""

    def __init__(self, folder: Path, *, sender: str = f"shop@{DOMAIN}") -> None:
        self._files = OwnFiles(folder, "eml")
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Write the mail, whole or not at all, and to the disk. Raises MailNotWritten."""
        content = written(mail, self._sender, DOMAIN)
        try:
            await self._files.write(mail.user_id, mail.id, content)
        except OSError as error:
            raise MailNotWritten from error

    async def forget(self, user_id: str) -> None:
        """Remove the user's mails, for good. Raises MailNotWritten where the folder does not let that happen."""
        try:
            await self._files.remove(user_id)
        except OSError as error:
            raise MailNotWritten from error
