"""What a product is about, in words that are comparable: who made it and what it is count for more than its prose."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from tradewind.contracts.catalog import ProductCreated, ProductUpdated

MAX_TERMS: Final = 60
MAX_TERM: Final = 80
TRAIT, NAME, CATEGORY, PROSE = 3.0, 2.0, 1.5, 0.5
"""What a whole attribute, a word of the name, the category, a word of the description weigh."""
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_STOP: Final = frozenset(
    "and are but for from has her his its not off one out that the their them they this was who with you your".split()
)


def terms(product: ProductCreated | ProductUpdated) -> Mapping[str, float]:
    """Term to weight, the heaviest MAX_TERMS. A term of a trait names it: `author=ann onymous`."""
    found: dict[str, float] = {}

    def add(some: Iterable[str], weight: float) -> None:
        for term in some:
            found[term] = max(weight, found.get(term, 0.0))

    traits = {**product.attributes, **({"brand": product.brand} if product.brand else {})}
    add((trait(name, value) for name, value in traits.items() if isinstance(value, str) and value.strip()), TRAIT)
    add(_words(product.name), NAME)
    add([f"category={_plain(product.category)}"[:MAX_TERM]], CATEGORY)
    add(_words(product.description), PROSE)
    heaviest = sorted(found.items(), key=lambda item: -item[1])[:MAX_TERMS]
    return dict(heaviest)


def prose(product: ProductCreated | ProductUpdated) -> str:
    """What a model reads to say what the product means."""
    traits = ", ".join(f"{name}: {value}" for name, value in sorted(product.attributes.items()))
    return "\n".join(filter(None, (product.name, product.brand, product.category, traits, product.description)))


def trait(name: str, value: str) -> str:
    """The term of one attribute."""
    return f"{_plain(name)}={_plain(value)}"[:MAX_TERM]


def spoken(term: str) -> str:
    """A term as one would say it."""
    return term.partition("=")[2] or term


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(_plain(text)) if word not in _STOP]


def _plain(text: str) -> str:
    """Lower case, without accents, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())
