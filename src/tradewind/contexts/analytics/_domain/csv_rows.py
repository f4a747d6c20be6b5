"""Reports as CSV (RFC 4180), which a spreadsheet opens without doing what a cell says."""

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a text begins with that spreadsheets would calculate, or that hides such a beginning."""


def csv_of(row: type[Struct], rows: Sequence[Struct]) -> bytes:
    """A heading in the wire's names, then a line for each row; what looks like a formula begins with an apostrophe."""
    fields = msgspec.structs.fields(row)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([one.encode_name for one in fields])
    writer.writerows([_cell(getattr(one, field.name)) for field in fields] for one in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if not isinstance(value, str):
        return value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{value}" if value.lstrip(" ").startswith(FORMULAS) else value
