"""goodbooks-10k (github.com/zygmuntz/goodbooks-10k): ten thousand real books. What they cost and how many there are is
made up, because the file says neither: by a rule, so that every run and every machine makes up the same."""

import zlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from tradewind.app.importing.feeds.columns import BadLine
from tradewind.contexts.catalog.manifest import FeedProduct, FirstPrice

NEEDED: Final = (
    "book_id", "isbn", "authors", "original_publication_year", "original_title", "title", "language_code",
    "average_rating", "ratings_count",
)  # fmt: skip
CURRENCY: Final = "EUR"
SHELF: Final = "Books"
MADE_UP: Final = (
    "Prices and stock are made up: with c = CRC-32 of the SKU, a book costs 4.99 + 0.50 * (c mod 41) EUR, and "
    "5 + (c // 41) mod 96 pieces are in stock."
)
MAX_AUTHORS: Final = 200
"""Characters; of more authors the first ones are named."""
MAX_BOOK_ID: Final = 10**9
_LANGUAGES: Final = {
    "ara": "Arabic", "dan": "Danish", "en": "English", "eng": "English", "fil": "Filipino", "fre": "French",
    "ger": "German", "ind": "Indonesian", "ita": "Italian", "jpn": "Japanese", "mul": "Several", "nl": "Dutch",
    "nor": "Norwegian", "per": "Persian", "pol": "Polish", "por": "Portuguese", "rum": "Romanian", "rus": "Russian",
    "spa": "Spanish", "swe": "Swedish", "tur": "Turkish", "vie": "Vietnamese",
}  # fmt: skip
_FIRST_DECADE: Final = 1900


def book(fields: Mapping[str, Any]) -> FeedProduct:
    """A line of the file as the shop sells it; refuses (BadLine)."""
    number = fields["book_id"].strip()
    if not number.isascii() or not number.isdecimal() or not 0 < int(number[:20]) < MAX_BOOK_ID:
        raise BadLine("book_id: expected a whole number above zero")
    sku = f"GB-{int(number)}"
    title = _tidy(fields["title"])
    if not title:
        raise BadLine("title: expected some text")
    year = _year(fields["original_publication_year"])
    seed = zlib.crc32(sku.encode())
    return FeedProduct(
        sku=sku,
        name=title,
        category=(SHELF, _decade(year)),
        price=FirstPrice(Decimal(499 + 50 * (seed % 41)).scaleb(-2), CURRENCY),
        stock=5 + seed // 41 % 96,
        attributes=dict(_attributes(fields, title, year)),
    )


def _attributes(fields: Mapping[str, Any], title: str, year: int | None) -> Iterator[tuple[str, str | float]]:
    if authors := _authors(fields["authors"]):
        yield "author", authors
    if year is not None:
        yield "year", year
    if code := fields["language_code"].strip():
        yield "language", _LANGUAGES.get(code.split("-")[0], code)
    original = _tidy(fields["original_title"])
    if original and original != title:
        yield "original_title", original
    if isbn := fields["isbn"].strip():
        yield "isbn", isbn.zfill(10)
    yield "goodreads_rating", _number("average_rating", fields["average_rating"], 5)
    yield "goodreads_ratings_count", int(_number("ratings_count", fields["ratings_count"], 1e12))


def _authors(said: str) -> str:
    """Who wrote it, in the file's order, as many as fit."""
    found = ""
    for name in filter(None, map(_tidy, said.split(","))):
        longer = f"{found}, {name}" if found else name
        if len(longer) > MAX_AUTHORS:
            break
        found = longer
    return found


def _year(said: str) -> int | None:
    if not said.strip():
        return None
    year = _number("original_publication_year", said, 3_000)
    if year != int(year):
        raise BadLine("original_publication_year: expected a whole number")
    return int(year)


def _decade(year: int | None) -> str:
    if year is None:
        return "Year unknown"
    return f"{year // 10 * 10}s" if year >= _FIRST_DECADE else f"Before {_FIRST_DECADE}"


def _number(column: str, said: str, highest: float) -> float:
    try:
        number = float(said)
    except ValueError:
        raise BadLine(f"{column}: expected a number") from None
    if not abs(number) <= highest:
        raise BadLine(f"{column}: expected a number up to {highest:g}")
    return number


def _tidy(said: str) -> str:
    """One line without double spaces and without what nobody sees: some titles of the file have such marks."""
    return " ".join("".join(c for c in said if c.isprintable() or c.isspace()).split())
