"""What a mail server says of a mail that came back (RFC 3464), read for the one thing that matters: was it for good."""

from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import EmailMessage
from email.policy import default
from typing import Final
from uuid import UUID

PARTS: Final = ("message/rfc822", "message/rfc822-headers", "text/rfc822-headers")
"""Where a report quotes the mail that it is about."""


def came_back(report: bytes) -> UUID | None:
    """The id of the shop's message that was refused for good; None for whatever else was brought.

    A delay, a success, a transient failure and an answer from somebody on holiday say nothing of the kind.
    """
    mail = message_from_bytes(report, policy=default)
    if mail.get_content_type() != "multipart/report":
        return None
    if not any(_is_final(fields) for fields in _recipients(mail)):
        return None
    return next((id_ for id_ in _quoted(mail) if id_ is not None), None)


def _recipients(mail: EmailMessage) -> Iterator[dict[str, str]]:
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            for block in part.iter_parts():
                yield {name.lower(): str(value).strip().lower() for name, value in block.items()}


def _is_final(fields: dict[str, str]) -> bool:
    return fields.get("action") == "failed" and fields.get("status", "").startswith("5.")


def _quoted(mail: EmailMessage) -> Iterator[UUID | None]:
    for part in mail.walk():
        if part.get_content_type() in PARTS:
            held = [*part.iter_parts()] or [message_from_string(str(part.get_payload()), policy=default)]
            yield _id(str(held[0].get("Message-ID", "")))


def _id(written: str) -> UUID | None:
    try:
        return UUID(written.strip().strip("<>").partition("@")[0])
    except ValueError:
        return None
