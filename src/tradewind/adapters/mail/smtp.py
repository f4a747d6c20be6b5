"""Mails over SMTP: one connection a mail, one deadline for all of it.

A server that says no for good (5xx to the recipient or the mail) is Undeliverable; whatever else goes wrong hides
whether the mail was taken, and the same mail goes again with the same Message-ID.
"""

from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from tradewind.adapters.mail.written import written
from tradewind.kernel.errors import Unavailable
from tradewind.ports.mail import Mail, Undeliverable

TIMEOUT_S: Final = 10.0
"""Longest that each step of a conversation may take."""
PORTS: Final = {"smtp": 587, "smtps": 465}
REFUSED_FOR_GOOD: Final = frozenset({501, 510, 511, 513, 550, 551, 553, 554})
"""What a server says of an address, or of a mail to it, that it will not take: not of our login or its disk."""


class MailServerAway(Unavailable):
    """The mail server does not answer, or says to come again."""


class SmtpMail:
    """The server at `smtp://user:password@host:port` (STARTTLS where offered) or `smtps://…` (TLS from the start)."""

    def __init__(self, url: str, *, sender: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._port = parts.port or PORTS[parts.scheme]
        self._tls = parts.scheme == "smtps"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Hand the mail over. Raises MailServerAway, Undeliverable, or ValueError for a header of somebody's own."""
        content = written(mail, self._sender, self._sender.rpartition("@")[2])
        try:
            await aiosmtplib.send(
                content,
                sender=self._sender,
                recipients=[mail.recipient],
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _meaning(refused.recipients[0].code) from None
        except aiosmtplib.SMTPDataError as refused:
            raise _meaning(refused.code) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as trouble:
            raise MailServerAway(type(trouble).__name__) from None

    async def forget(self, user_id: str) -> None:
        """What was handed over is with its owner."""


def _meaning(code: int) -> Unavailable | Undeliverable:
    return Undeliverable(code=code) if code in REFUSED_FOR_GOOD else MailServerAway(f"The mail server said {code}.")
