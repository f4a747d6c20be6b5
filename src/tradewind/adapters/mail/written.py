"""A mail as it goes over the wire (RFC 5322): the same mail is the same bytes, whoever carries it.

Put together line by line: the email package takes ten times the processor time for the same bytes. It is asked where a
header is long or not ASCII, and in the tests.
"""

import re
from email.policy import compat32
from email.quoprimime import body_encode
from email.utils import format_datetime
from typing import Final

from tradewind.ports.mail import Mail

WIRE: Final = compat32.clone(linesep="\r\n")
LONGEST_LINE: Final = 900
"""A server may refuse lines of a thousand characters; longer ones are written in pieces."""
LONGEST_HEADER: Final = 76
"""What is longer is folded."""
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


def written(mail: Mail, sender: str, domain: str) -> bytes:
    """The mail's bytes; its id is its Message-ID at `domain`. Raises ValueError for a header of somebody's own."""
    headers = {
        "From": sender,
        "To": mail.recipient,
        "Subject": mail.subject,
        "Date": format_datetime(mail.written_at),
        "Message-ID": f"<{mail.id}@{domain}>",
        "Auto-Submitted": "auto-generated",
    }
    if mail.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    said = b"".join(_header(name, value) for name, value in headers.items())
    if mail.html is None:
        part_headers, body = _part(mail.body, "plain")
        return part_headers + said + b"\r\n" + body
    boundary = b"=%b" % mail.id.hex.encode()
    parts = [_part(mail.body, "plain"), _part(mail.html, "html")]
    inside = b"".join(b"--%b\r\n%b\r\n%b\r\n" % (boundary, *part) for part in parts)
    head = f'Content-Type: multipart/alternative;\r\n boundary="={mail.id.hex}"\r\nMIME-Version: 1.0\r\n'
    return b"%b%b\r\n%b--%b--\r\n" % (head.encode(), said, inside, boundary)


def _header(name: str, value: str) -> bytes:
    if not value.isprintable():
        raise ValueError(f"A linefeed or worse in the header {name}.")
    if value.isascii() and len(name) + len(value) + 2 <= LONGEST_HEADER:
        return f"{name}: {value}\r\n".encode()
    return WIRE.fold_binary(name, value)


def _part(said: str, kind: str) -> tuple[bytes, bytes]:
    """A text's headers and the text, lines ended as on the wire."""
    lines = said.splitlines()
    if said.isascii() and all(len(line) <= LONGEST_LINE for line in lines):
        charset, encoding, text = "us-ascii", "7bit", said
    else:
        charset, encoding = "utf-8", "quoted-printable"
        text = body_encode(said.encode().decode("latin-1"))
    head = (
        f'Content-Type: text/{kind}; charset="{charset}"\r\nMIME-Version: 1.0\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n"
    )
    return head.encode(), b"\r\n".join(_LINE_END.split(text.encode()))
