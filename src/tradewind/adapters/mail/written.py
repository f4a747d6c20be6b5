"""A mail as it goes over the wire (RFC 5322): the same mail is the same bytes, whoever carries it."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from tradewind.ports.mail import Mail


def written(mail: Mail, sender: str, domain: str) -> bytes:
    """The mail's bytes; its id is its Message-ID at `domain`. Raises ValueError for a header of somebody's own."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.written_at)
    message["Message-ID"] = f"<{mail.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.body)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
        message.set_boundary(f"={mail.id.hex}")
    return bytes(message)
