"""What OpenSearch keeps of a product: words that the shop itself makes of texts, so that both engines know the same.

No text is analysed over there: fields hold words with spaces between them. Attributes are values of one field, each
behind a digest of its name, because a field for every name would have no bound.
"""

import math
from hashlib import blake2b
from typing import Any, Final

from tradewind.adapters.search import fields
from tradewind.ports.search import MAX_DEPTH, ProductDocument

MAX_PATTERN: Final = 4_000
"""Characters of a pattern that finds beginnings of words one letter off."""
VERSION: Final = f"{fields.VERSION}.1"
"""Of the fields, theirs and ours. Whoever changes what is here raises what is behind the point."""
KEPT_TOMBSTONES: Final = "1h"
"""For so long a product that is gone is not brought back by what is late."""
_WORDS: Final = {"type": "text", "analyzer": "whitespace"}
_UNRANKED: Final = {**_WORDS, "index_options": "docs", "norms": False}
_KEYWORD: Final = {"type": "keyword"}
_NUMBER: Final = {"type": "unsigned_long"}
SETTINGS: Final[dict[str, Any]] = {
    "number_of_shards": 1,  # counts of facets are exact, and scores comparable
    "auto_expand_replicas": "0-1",
    "refresh_interval": -1,  # readers see a put when it is whole
    "max_result_window": MAX_DEPTH,
    "max_regex_length": MAX_PATTERN,
    "gc_deletes": KEPT_TOMBSTONES,
}
MAPPINGS: Final[dict[str, Any]] = {
    "dynamic": "strict",
    "properties": {
        "shown": {"type": "keyword", "index": False, "doc_values": False},
        "name": _WORDS,
        "name_stem": _WORDS,
        "whole": _KEYWORD,
        "makers": _WORDS,
        "rest": _WORDS,
        "words": _UNRANKED,
        "category": _KEYWORD,
        "attribute": _KEYWORD,
        "values": _KEYWORD,
        "stocked": {"type": "integer"},
        "price": {"type": "long"},
        "mark": _NUMBER,
        "by_price": _NUMBER,
        "by_time": _NUMBER,
        "by_rating": _NUMBER,
        "lift": {"type": "double", "index": False},
    },
}


def attribute(name: str) -> str:
    """What stands before the values of an attribute."""
    return blake2b(name.encode(), digest_size=8).hexdigest()


def kept(product: ProductDocument) -> dict[str, Any]:
    """A product as the index keeps it."""
    name = _short(fields.words(product.name))
    makers = [_short(fields.words(form)) for form in fields.maker_forms(product)]
    given = fields.attributes(product)
    return {
        "shown": fields.shown(product).decode(),
        "name": " ".join(name),
        "name_stem": " ".join(map(fields.stem, name)),
        "whole": sorted(fields.wholes(product)),
        "makers": [" ".join(form) for form in makers],
        "rest": " ".join(map(fields.stem, _short(fields.words(fields.rest(product))))),
        "words": " ".join({word for form in (name, *makers) for word in form}),
        "category": product.categories,
        "attribute": list(given),
        "values": [attribute(one) + value for one, values in given.items() for value in values],
        "stocked": int(product.available > 0),
        "lift": math.log2(2 + fields.weight(product)),
        **fields.numbers(product),
    }


def _short(words: list[str]) -> list[str]:
    return [word for word in words if len(word.encode()) < fields.MAX_WORD]
