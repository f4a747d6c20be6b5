"""Reads a feed line by line: every record becomes named fields or an error that names the line. A bad line stays alone.

CSV: UTF-8 with or without BOM; comma, semicolon or tab; quoted fields may hold line ends. JSON Lines: an object a line.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from tradewind.kernel.errors import Refusal

MAX_FILE_BYTES: Final = 512 * 1024 * 1024
MAX_RECORD_CHARACTERS: Final = 64 * 1024
"""Longest record; what is longer is a quote that somebody forgot to close, or no feed."""
MAX_RECORD_LINES: Final = 200
MAX_COLUMNS: Final = 200
DELIMITERS: Final = (",", ";", "\t")
_NOT_UTF_8: Final = "not UTF-8"
_OTHER_ENCODINGS: Final = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK": "a spreadsheet or ZIP",
    b"\x1f\x8b": "gzip",
}


class UnreadableFeed(Refusal):
    """The file is no feed: nothing of it was read."""


class Line(Struct, frozen=True, kw_only=True):
    """One record, by where it begins (a CSV's header is line 1). Where `error` says something there are no fields."""

    number: int
    fields: Mapping[str, Any] = {}
    error: str = ""


def read_text(file: Path) -> list[str]:
    """The file's physical lines, undecodable bytes marked by surrogates. Refuses (UnreadableFeed) what is no text."""
    if file.stat().st_size > MAX_FILE_BYTES:
        raise UnreadableFeed(f"The file is larger than {MAX_FILE_BYTES} bytes.")
    content = file.read_bytes()
    for mark, name in _OTHER_ENCODINGS.items():
        if content.startswith(mark):
            raise UnreadableFeed(f"The file is {name}, not text in UTF-8.")
    text = content.decode("utf-8-sig", "surrogateescape")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if text else []


def read_json_lines(lines: Sequence[str]) -> Iterator[Line]:
    """Every line that is not empty."""
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        if len(text) > MAX_RECORD_CHARACTERS:
            yield Line(number=number, error=f"more than {MAX_RECORD_CHARACTERS} characters")
        elif not _is_unicode(text):
            yield Line(number=number, error=_NOT_UTF_8)
        else:
            yield _from_json(number, text)


def _from_json(number: int, text: str) -> Line:
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        return Line(number=number, error=f"no JSON: {error}")
    if not isinstance(fields, dict):
        return Line(number=number, error="a line holds one JSON object")
    return Line(number=number, fields=fields)


class Csv:
    """A CSV whose header has been read. Refuses (UnreadableFeed) a header that is none, or lacks what is needed."""

    def __init__(self, lines: Sequence[str], needed: Sequence[str]) -> None:
        self._lines = lines
        delimiter, header = ",", list[str]()
        for candidate in DELIMITERS:
            number, cells, error, self._begin = next(self._records(candidate, 0), (1, [], "the file is empty", 0))
            if error:
                raise UnreadableFeed(f"line {number}: {error}")
            if len(cells) > len(header):
                delimiter, header = candidate, cells
        self.columns = [name.strip() for name in header]
        self._delimiter = delimiter
        missing = [name for name in needed if name not in self.columns]
        if missing:
            raise UnreadableFeed(f"line 1: the header must name {', '.join(needed)}; missing: {', '.join(missing)}.")
        if len(set(self.columns)) != len(self.columns) or len(self.columns) > MAX_COLUMNS:
            raise UnreadableFeed(f"line 1: the header names a column twice, or more than {MAX_COLUMNS} of them.")

    def lines(self) -> Iterator[Line]:
        """Every record after the header that is not empty."""
        for number, cells, error, _ in self._records(self._delimiter, self._begin):
            if error:
                yield Line(number=number, error=error)
            elif len(cells) != len(self.columns):
                detail = f"{len(cells)} fields instead of {len(self.columns)}"
                yield Line(number=number, error=detail)
            else:
                yield Line(number=number, fields=dict(zip(self.columns, cells, strict=True)))

    def _records(self, delimiter: str, begin: int) -> Iterator[tuple[int, list[str], str, int]]:
        """(line number, cells, error, where the next one begins). After an error the very next line is looked at."""
        at = begin
        while at < len(self._lines):
            if not self._lines[at].strip():
                at += 1
                continue
            end, text = self._whole(at)
            cells, error = _cells(text, delimiter) if end else ([], "a quote is opened and not closed")
            nxt = at + 1 if error else end
            yield at + 1, cells, error, nxt
            at = nxt

    def _whole(self, at: int) -> tuple[int, str]:
        """Where the record that begins at `at` ends, and its text: quotes come in pairs. (0, '') where they do not."""
        text = self._lines[at]
        for end in range(at + 1, at + MAX_RECORD_LINES):
            if text.count('"') % 2 == 0:
                return end, text
            if end >= len(self._lines) or len(text) > MAX_RECORD_CHARACTERS:
                break
            text += "\n" + self._lines[end]
        return 0, ""


def _cells(text: str, delimiter: str) -> tuple[list[str], str]:
    if len(text) > MAX_RECORD_CHARACTERS:
        return [], f"more than {MAX_RECORD_CHARACTERS} characters"
    if not _is_unicode(text):
        return [], _NOT_UTF_8
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), []), ""
    except csv.Error as error:
        return [], f"no CSV: {error}"


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
