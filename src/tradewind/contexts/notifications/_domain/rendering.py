"""Messages in words: Mustache templates, a plain and an HTML part each, in every language that the shop writes.

A template is a file: its first line is the subject. HTML is the same paragraphs, escaped, in the shop's frame.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import chevron
from chevron.tokenizer import tokenize
from msgspec import Struct

from tradewind.contexts.notifications._domain.messages import MARKETING, Kind

LANGUAGES: Final = ("en", "de")
FOLDER: Final = Path(__file__).parent.parent / "_templates"
Tokens: TypeAlias = tuple[tuple[str, str], ...]
"""A template that was read once: reading it costs more than filling it in."""
_VARIABLE: Final = re.compile(r"\{\{(?=\w)")
SAMPLE: Final[Mapping[str, str]] = {
    "order": "019ad0c2-0000-7000-8000-000000000001",
    "total": "129.90 EUR",
    "previous": "100.00 EUR",
    "more": "29.90 EUR",
    "goods": "2 × KITE",
    "until": "2026-12-24",
    "expected": "2026-12-01",
    "amount": "29.90 EUR",
    "tracking": "TW123456789",
    "lines": "3",
    "number": "RMA-12345678",
    "shop": "http://127.0.0.1:8000",
}


class Rendered(Struct, frozen=True, kw_only=True):
    """A message in words."""

    subject: str
    text: str
    html: str

    @property
    def brief(self) -> str:
        """What fits into a text to a telephone: no greeting and no farewell."""
        _greeting, said, _farewell, *more = self.text.strip().split("\n\n")
        return "\n".join([said, *more])


def sample(kind: Kind) -> Mapping[str, str]:
    """What a preview is filled with."""
    return {**SAMPLE, "unsubscribe": f"{SAMPLE['shop']}/unsubscribe?token=sample"} if kind in MARKETING else SAMPLE


def language_of(wanted: str) -> str:
    """The language that is written to who wants `wanted` (BCP 47)."""
    base = wanted.split("-", maxsplit=1)[0]
    return base if base in LANGUAGES else LANGUAGES[0]


def render(kind: Kind, language: str, facts: Mapping[str, str]) -> Rendered:
    """The message of `kind` about `facts`; what a fact says is never markup."""
    subject, plain, html = _template(kind, language)
    data = dict(facts)
    frame = {**data, "subject": chevron.render(subject, data), "body": chevron.render(html, data)}
    return Rendered(
        subject=frame["subject"],
        text=chevron.render(plain, data),
        html=chevron.render(_frame(language), frame),
    )


@cache
def _template(kind: Kind, language: str) -> tuple[Tokens, Tokens, Tokens]:
    subject, _, plain = _read(f"{kind}.{language}.txt").partition("\n")
    return _plain(subject), _plain(plain.lstrip("\n")), tuple(tokenize(_read(f"{kind}.{language}.html")))


@cache
def _frame(language: str) -> Tokens:
    return tuple(tokenize(_read(f"frame.{language}.html")))


def _plain(template: str) -> Tokens:
    """Of plain text: nothing is escaped in it."""
    return tuple(tokenize(_VARIABLE.sub("{{&", template)))


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
