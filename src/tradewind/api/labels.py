"""Labels for parcels, as PDF: A6, who it is from, who it is to, and a number that people and scanners read.

Names and streets are set in Latin letters, as the post asks of what crosses a border; what is in others is written in
those that sound like them. The same label is the same bytes.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Final

from anyascii import anyascii
from msgspec import Struct

PDF: Final = "application/pdf"
MAX_LINES: Final = 8
MAX_SIGNS: Final = 44
"""So many lines of so many signs have room."""
_ORDER: Final = ("name", "company", "line1", "street", "line2", "postalCode", "city", "region", "country")
_MARGIN: Final = 18
_FONT: Final = "Helvetica"


class Label(Struct, frozen=True, kw_only=True):
    """What is on a label. `code` is what scanners read: letters, digits and dashes."""

    title: str
    sender: Sequence[str]
    recipient: Sequence[str]
    code: str
    notes: Sequence[str] = ()


def of_address(address: Mapping[str, str]) -> list[str]:
    """The lines of an address, the name first."""
    return [address[part] for part in _ORDER if address.get(part, "").strip()]


def drawn(label: Label) -> bytes:
    """The label as a PDF of one page."""
    from reportlab.graphics.barcode.code128 import Code128
    from reportlab.lib.pagesizes import A6
    from reportlab.pdfgen.canvas import Canvas

    file = BytesIO()
    page = Canvas(file, pagesize=A6, pageCompression=0, invariant=1)
    page.setTitle(_latin(label.title))
    width, height = A6
    at = _written(page, height - 30, (label.title,), 9)
    at = _written(page, at - 4, label.sender, 7)
    page.line(_MARGIN, at, width - _MARGIN, at)
    at = _written(page, at - 18, label.recipient, 12)
    _written(page, at - 6, label.notes, 8)
    room = width - 2 * _MARGIN
    bars = Code128(label.code, barHeight=48, barWidth=1, quiet=False)
    bars = Code128(label.code, barHeight=48, barWidth=min(1.4, room / bars.width), quiet=False)
    bars.drawOn(page, (width - bars.width) / 2, 46)
    page.setFont(_FONT, 11)
    page.drawCentredString(width / 2, 28, label.code)
    page.showPage()
    page.save()
    return file.getvalue()


def _written(page: Any, at: float, lines: Sequence[str], size: int) -> float:
    """Where the next line goes."""
    page.setFont(_FONT, size)
    for line in lines[:MAX_LINES]:
        page.drawString(_MARGIN, at, _latin(line)[:MAX_SIGNS])
        at -= size + 3
    return at


def _latin(text: str) -> str:
    """In the signs that the font has."""
    return "".join(sign if _has(sign) else anyascii(sign) for sign in text if sign.isprintable())


def _has(sign: str) -> bool:
    try:
        sign.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
