"""What people type who look for a book: the words of its title and whoever wrote it, one letter wrong."""

import random
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from tradewind.app.importing.feeds.goodbooks import book
from tradewind.app.importing.feeds.load import open_goodbooks
from tradewind.contexts.catalog.manifest import FeedProduct

BOOKS: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "goodbooks_books.csv"
SHORTEST: Final = 4
"""Letters of a word that is misspelt."""


class Misspelt(Struct, frozen=True):
    """What was typed, and the SKU of the book that was meant."""

    text: str
    sku: str


def books(file: Path = BOOKS) -> list[FeedProduct]:
    """The ten thousand, as the shop sells them."""
    return [book(line.fields) for line in open_goodbooks(file).lines]


def queries(products: Sequence[FeedProduct], count: int, seed: int) -> list[Misspelt]:
    """Title up to the first parenthesis and the first author's surname, one word of four letters or more misspelt."""
    chance = random.Random(seed)
    found: list[Misspelt] = []
    while len(found) < count:
        product = chance.choice(products)
        author = str(product.attributes.get("author", "")).split(",")[0]
        words = [*product.name.split("(")[0].split(), *author.split()[-1:]]
        fit = [at for at, word in enumerate(words) if len(word) >= SHORTEST and word.isalpha()]
        if fit:
            at = chance.choice(fit)
            typed = " ".join((*words[:at], misspell(words[at], chance), *words[at + 1 :]))
            found.append(Misspelt(typed, product.sku))
    return found


def misspell(word: str, chance: random.Random) -> str:
    """The word with a letter too much, one missing, one wrong, or two that have changed places; never as it was."""
    while True:
        at, letter = chance.randrange(len(word)), chance.choice(string.ascii_lowercase)
        wrong = chance.choice(
            (
                word[:at] + letter + word[at:],
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            )
        )
        if wrong.lower() != word.lower():
            return wrong
