"""Words that mean the same: a small list that comes with the shop, and the owner's own, read again when it changes.

A line holds what means the same, separated by commas: `sofa, couch, settee`. After an arrow stands what those before
it also mean, but not the other way round: `paperback => book`. What follows a # is a remark.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Final

from tradewind.adapters.search.fields import STEM, folded

HOUSE_LIST: Final = Path(__file__).parent / "synonyms.txt"
LOOK_EVERY_S: Final = 1.0
"""How soon a changed list counts."""
MAX_BYTES: Final = 1_000_000
"""Of a list; what is beyond is not read."""
MAX_PHRASE: Final = 4
"""Words of a phrase that has synonyms."""

Phrase = tuple[str, ...]
"""Stems of words."""


def _phrases(text: str) -> list[Phrase]:
    found = (tuple(STEM.analyze(folded(part))) for part in text.split(","))
    return [phrase for phrase in found if 1 <= len(phrase) <= MAX_PHRASE]


def read(text: str) -> Iterator[tuple[Phrase, Phrase]]:
    """(said, also meant), each with its line's order; lines that say nothing are passed over."""
    for line in text.splitlines():
        said, arrow, meant = line.partition("#")[0].partition("=>")
        left = _phrases(said)
        for one in left:
            yield from ((one, other) for other in (_phrases(meant) if arrow else left) if other != one)


class Synonyms:
    """What a phrase may also mean, by the house's list and by the one in `own`, if it is there."""

    def __init__(self, own: Path) -> None:
        self._own = own
        self._looked_s = -LOOK_EVERY_S
        self._seen: tuple[int, int] | None = (0, 0)
        self._meant: dict[Phrase, tuple[Phrase, ...]] = {}

    def of(self, phrase: Sequence[str]) -> tuple[Phrase, ...]:
        """What stems in this order may also mean."""
        if (now_s := monotonic()) - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now_s
            self._look()
        return self._meant.get(tuple(phrase), ())

    def _look(self) -> None:
        try:
            found = self._own.stat()
            state: tuple[int, int] | None = (found.st_mtime_ns, found.st_size)
        except OSError:
            state = None
        if state == self._seen:
            return
        self._seen = state
        meant: dict[Phrase, dict[Phrase, None]] = {}
        for text in (_text(HOUSE_LIST), _text(self._own)):
            for said, other in read(text):
                meant.setdefault(said, {})[other] = None
        self._meant = {said: tuple(others) for said, others in meant.items()}


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
