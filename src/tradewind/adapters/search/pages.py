"""Where a page begins: what a cursor says, and how it is written so that only the search that gave it takes it back.

And what stands on one of suggestions.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from tradewind.adapters.search.fields import readable
from tradewind.kernel import pages
from tradewind.kernel.pages import UnfitCursor
from tradewind.ports.search import MAX_DEPTH, ProductDocument, Question, Sort

MAX_SEEN: Final = 12
"""Products of one key that a cursor remembers. Keys end in bits of chance, so two are already rare."""
_Number = Annotated[int, Meta(ge=0)]
_question: Final = msgspec.json.Encoder(order="deterministic")


class Place(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Behind which product the next page begins.

    By relevance: it was the `depth`-th and bears `mark`. Otherwise `key` is what was sorted by, and `seen` the marks
    of those of this very key that were shown.
    """

    question: Annotated[bytes, Meta(min_length=8, max_length=8)]
    depth: Annotated[int, Meta(ge=0, le=MAX_DEPTH)] = 0
    mark: _Number = 0
    key: _Number = 0
    seen: Annotated[tuple[_Number, ...], Meta(max_length=MAX_SEEN)] = ()


_decoder: Final = msgspec.msgpack.Decoder(Place)


def readable_question(question: Question) -> Question:
    """Without what cannot be written down, and so is in no index."""
    return msgspec.structs.replace(
        question,
        text=readable(question.text),
        category=None if question.category is None else readable(question.category),
        attributes={readable(name): tuple(map(readable, values)) for name, values in question.attributes.items()},
    )


def digest(question: Question) -> bytes:
    """What pages of one search have in common."""
    same = msgspec.structs.replace(question, limit=0, after=None)
    return blake2b(_question.encode(same), digest_size=8).digest()


def unpaged(question: Question) -> bytes:
    """What all pages of a question have in common, however they are sorted."""
    return _question.encode(msgspec.structs.replace(question, sort=Sort.RELEVANCE, limit=0, after=None))


def read(question: Question) -> Place:
    """Where the page begins that is asked for; refuses (UnfitCursor) what was not written for this question."""
    own = digest(question)
    if question.after is None:
        return Place(own)
    place = pages.read(question.after, _decoder)
    if place.question != own:
        raise UnfitCursor
    return place


def of_each_name(products: Iterable[ProductDocument], limit: int) -> list[ProductDocument]:
    """The first of each name, in the order of these products: a name stands where the best that bears it does."""
    first: dict[str, ProductDocument] = {}
    for product in products:
        first.setdefault(product.name, product)
    return list(first.values())[:limit]
