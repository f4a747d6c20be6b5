"""Mails are put together by hand; the email package, which is slow and sure, writes the same bytes."""

from datetime import UTC, datetime
from email.charset import QP, Charset
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tradewind.adapters.mail.written import LONGEST_LINE, WIRE, written
from tradewind.ports.mail import Mail

SAID = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.text("aB =.\r\n\tü\u2028", max_size=300)
HEADER = st.text(st.characters(categories=["L", "N", "P"], include_characters=" "), max_size=120)


def as_the_package_writes(mail: Mail, sender: str, domain: str) -> bytes:
    if mail.html is None:
        message: Any = _text(mail.body, "plain")
    else:
        message = MIMEMultipart("alternative", boundary=f"={mail.id.hex}")
        message.attach(_text(mail.body, "plain"))
        message.attach(_text(mail.html, "html"))
    message["From"], message["To"], message["Subject"] = sender, mail.recipient, mail.subject
    message["Date"], message["Message-ID"] = format_datetime(mail.written_at), f"<{mail.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return bytes(message.as_bytes(policy=WIRE))


def _text(said: str, kind: str) -> MIMEText:
    if said.isascii() and all(len(line) <= LONGEST_LINE for line in said.splitlines()):
        return MIMEText(said, kind, "us-ascii")
    charset: Any = Charset("utf-8")
    charset.body_encoding = QP
    return MIMEText(said, kind, charset)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    subject=HEADER, body=SAID, html=SAID | st.none(), recipient=st.just("ada@shop.test") | HEADER,
    link=st.none() | st.sampled_from(["https://shop.test/u?token=1", "https://shop.test/" + "x" * 90]),
)  # fmt: skip
@example(subject="Grüße an Zoë", body="Straße 1 – bitte.\n", html="<p>é</p>", recipient="zoe@shop.test", link=None)
@example(subject="x" * 67, body="From me\n" + "y" * 1_000, html=None, recipient="ada@shop.test", link=None)
@example(subject="x" * 68, body="", html="", recipient="ada@shop.test", link=None)
def test_a_mail_is_the_bytes_that_the_email_package_writes(
    subject: str, body: str, html: str | None, recipient: str, link: str | None
) -> None:
    mail = Mail(
        id=UUID(int=7), recipient=recipient, subject=subject, body=body, html=html, unsubscribe_url=link,
        written_at=datetime(2026, 11, 21, tzinfo=UTC), user_id="ada",
    )  # fmt: skip
    assert written(mail, "shop@shop.test", "shop.test") == as_the_package_writes(mail, "shop@shop.test", "shop.test")


@pytest.mark.parametrize("sign", ["\r", "\n", "\x00", "\u2028"])
def test_a_header_of_somebodys_own_is_refused(sign: str) -> None:
    mail = Mail(
        id=UUID(int=7), recipient="ada@shop.test", subject=f"Hello{sign}Bcc: x", body="x",
        written_at=datetime(2026, 11, 21, tzinfo=UTC),
    )  # fmt: skip
    with pytest.raises(ValueError, match="header"):
        written(mail, "shop@shop.test", "shop.test")
