"""Reads an online-retail CSV: every line becomes a row or an error that names the line. Pure but for the reading."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from tradewind.app.importing.countries import COUNTRIES
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Refusal
from tradewind.kernel.money import Money

COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
CURRENCY: Final = "GBP"
MAX_BYTES: Final = 256 * 1024 * 1024
MAX_QUANTITY: Final = 1_000_000
"""Pieces on one line; more is a slip of the finger."""
MAX_PRICE_MINOR: Final = 10**9
MAX_CODE: Final = 64
MAX_TEXT: Final = 1_000
_DATE: Final = "%m/%d/%y %H:%M"
_INVOICE: Final = re.compile(r"[A-Z]?[0-9]{1,12}")
_GOODS: Final = re.compile(r"[0-9]{5}[A-Z0-9._-]*")
_DIGITS: Final = re.compile(r"[0-9]{0,18}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,9}")


class Unreadable(Refusal):
    """The file cannot be brought in; `facts["errors"]` lists {line, detail}. Nothing was written."""


class Row(Struct, frozen=True, kw_only=True):
    """One line of the file. `price_minor` is the price of one piece in pence; `amount_minor` = quantity x price."""

    line: int
    invoice: str
    code: str
    description: str
    quantity: int
    at: datetime
    price_minor: int
    customer: str
    country: str

    @property
    def amount_minor(self) -> int:
        """What the line adds to its invoice; negative where money goes back."""
        return self.quantity * self.price_minor

    @property
    def is_goods(self) -> bool:
        """Whether the code names goods: it begins with five digits."""
        return _GOODS.fullmatch(self.code) is not None

    @property
    def is_credit(self) -> bool:
        """Whether the line stands on a credit note."""
        return self.invoice.startswith("C")

    @property
    def is_ordinary(self) -> bool:
        """Whether the line stands on an ordinary invoice."""
        return self.invoice.isdecimal()


def read(file: Path) -> list[Row]:
    """Every line of `file`, in its order. Refuses (Unreadable) with every broken line; then no row is given out."""
    text = _text(file)
    rows: list[Row] = []
    errors: list[dict[str, object]] = []
    for line, fields in _lines(text):
        found = _row(line, fields)
        if isinstance(found, Row):
            rows.append(found)
        else:
            errors += [{"line": line, "detail": detail} for detail in found]
    errors += _disagreements(rows)
    if not rows and not errors:
        errors = [{"line": 1, "detail": "there is no line below the header"}]
    if errors:
        raise _unreadable(sorted(errors, key=_line_of))
    return rows


def _line_of(error: dict[str, object]) -> int:
    line = error["line"]
    assert isinstance(line, int)
    return line


def _unreadable(errors: list[dict[str, object]]) -> Unreadable:
    return Unreadable(f"Nothing was brought in; errors found: {len(errors)}.", errors=errors)


def _text(file: Path) -> str:
    if file.stat().st_size > MAX_BYTES:
        raise _unreadable([{"line": 0, "detail": f"the file has more than {MAX_BYTES} bytes"}])
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _unreadable([{"line": line, "detail": "this is not UTF-8"}]) from None


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line, fields) of every record below the header."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        header = next(reader, [])
        if tuple(header) != COLUMNS:
            raise _unreadable([{"line": 1, "detail": f"the header must be {','.join(COLUMNS)}"}])
        begins = reader.line_num + 1
        for fields in reader:
            yield begins, fields
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _unreadable([{"line": begins, "detail": f"this is not CSV: {error}"}]) from None


def _row(line: int, fields: Sequence[str]) -> Row | list[str]:
    """The row, or everything that is wrong with it."""
    if len(fields) != len(COLUMNS):
        return [f"expected {len(COLUMNS)} fields, found {len(fields)}"]
    invoice, code, description, quantity, at, price, customer, country = (field.strip() for field in fields)
    code = code.upper()
    moment, minor = _moment(at), _minor(price)
    wrong = [
        detail
        for broken, detail in (
            (not _INVOICE.fullmatch(invoice), f"InvoiceNo {invoice[:32]!r} is no invoice number"),
            (not _is_code(code), f"StockCode {code[:32]!r} is no stock code"),
            (len(description) > MAX_TEXT, f"Description is longer than {MAX_TEXT} characters"),
            (not _is_quantity(quantity), f"Quantity {quantity[:32]!r} is no whole number up to {MAX_QUANTITY}"),
            (moment is None, f"InvoiceDate {at[:32]!r} is no past moment like 12/1/10 8:26"),
            (minor is None, f"UnitPrice {price[:32]!r} is no amount of {CURRENCY}"),
            (not _DIGITS.fullmatch(customer), f"CustomerID {customer[:32]!r} is no number"),
            (country not in COUNTRIES, f"Country {country[:32]!r} is unknown"),
        )
        if broken
    ]
    if wrong or moment is None or minor is None:
        return wrong
    return Row(
        line=line,
        invoice=invoice,
        code=code,
        description=" ".join(description.split()),
        quantity=int(quantity),
        at=moment,
        price_minor=minor,
        customer=customer,
        country=country,
    )


def _is_code(code: str) -> bool:
    """Codes of goods become SKUs, so those have a SKU's letters; any other code need only be short and printable."""
    looks_like_goods = code[:5].isdecimal() and len(code) >= 5
    fits = _GOODS.fullmatch(code) is not None if looks_like_goods else code.isprintable()
    return 0 < len(code) <= MAX_CODE and fits


def _is_quantity(quantity: str) -> bool:
    return _WHOLE.fullmatch(quantity) is not None and abs(int(quantity)) <= MAX_QUANTITY


def _moment(at: str) -> datetime | None:
    try:
        moment = datetime.strptime(at, _DATE).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if moment <= now() else None


def _minor(price: str) -> int | None:
    try:
        minor = Money.parse(price, CURRENCY).minor
    except Refusal:
        return None
    return minor if abs(minor) <= MAX_PRICE_MINOR else None


def _disagreements(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Lines that give another customer or country than the first line of their invoice."""
    first: dict[str, Row] = {}
    errors: list[dict[str, object]] = []
    for row in rows:
        other = first.setdefault(row.invoice, row)
        if (row.customer, row.country) != (other.customer, other.country):
            detail = f"invoice {row.invoice} has another customer or country on line {other.line}"
            errors.append({"line": row.line, "detail": detail})
    return errors
