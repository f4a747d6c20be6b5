"""Where products are found: full text with stemming, typos, prefixes and synonyms; filters, facets, sorts, pages.

What every adapter promises, and every caller may lean on:

- **Order.** By relevance: the whole name > the name's words in their order > words of the name > of the makers > of
  the rest, where they are equally rare; a word as it was written > its stem > one letter off; among equals the more
  popular first. Every other sort is total: equals stand in an order of their own that does not change, so pages
  neither repeat nor skip. A page by relevance goes on behind the last product shown, wherever that has moved meanwhile.
- **Delivery.** `put` is idempotent by product id, and wholly visible to every reader in every process soon after it
  returned, or not at all: at once where readers share the machine, within a second otherwise. One writer at a time; of
  a writer that was paused and replaced, what is late changes nothing that was put by a higher `version`.
- **Failure.** What cannot be written raises `SearchAway` and is remembered: `holds` says None until a `rebuild`,
  whatever was put in between; so whoever puts may go on. Readers are served what was there before, or refused with
  `SearchAway`, never with a part of it. No text that is searched for is ever a mistake: there is no syntax in it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import Unavailable
from tradewind.kernel.money import Money

MAX_TEXT: Final = 200
"""Characters of what is searched for; what is longer is cut."""
MAX_PAGE: Final = 100
MAX_SUGGESTIONS: Final = 20
MAX_DEPTH: Final = 10_000
"""Products that pages by relevance reach; who wants all of them sorts otherwise."""
FACET_VALUES: Final = 20
"""Values that a facet names, those with the most products first."""
MAX_FACETS: Final = 16
"""Attributes that become facets, those that most products have first."""


class SearchAway(Unavailable):
    """The search index cannot be asked right now; it is being built."""


class Sort(StrEnum):
    """What comes first."""

    RELEVANCE = "relevance"
    PRICE = "price"
    DEAREST = "-price"
    NEWEST = "newest"
    RATING = "rating"


class ProductDocument(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that search knows of a product. `makers` are people and brands that one looks for by name.

    `categories`: paths from the root down to the product's own ("books", "books/poetry"). `price` is the one that
    counts now; `regular_price` what it costs otherwise, where that differs. `popularity` decides among equals.
    """

    id: UUID
    sku: str
    name: str
    price: Money
    created_at: datetime
    regular_price: Money | None = None
    description: str = ""
    makers: tuple[str, ...] = ()
    category: str = ""
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = {}
    available: int = 0
    rating: Decimal | None = None
    rating_count: int = 0
    popularity: int = 0
    image: str | None = None


class Question(Struct, frozen=True, kw_only=True):
    """What is looked for. Values of one attribute are alternatives; everything else must hold at once.

    Prices are in units of the shop's currency. `after` is the `next` of the page before, of the same question.
    """

    text: str = ""
    sort: Sort = Sort.RELEVANCE
    category: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None
    attributes: Mapping[str, tuple[str, ...]] = {}
    limit: int = 20
    after: str | None = None


class FacetValue(Struct, frozen=True, kw_only=True):
    """So many products have this value. A range of prices says where it begins, and where it ends (not included)."""

    value: str
    count: int
    selected: bool = False
    least: Decimal | None = None
    below: Decimal | None = None


Facets = Mapping[str, tuple[FacetValue, ...]]
"""By name: `category`, `price`, `inStock`, and each attribute. A facet's own filter does not narrow its counts."""


class Found(Struct, frozen=True, kw_only=True):
    """One page. `total` counts all pages; `next` leads to the following one, where there is one."""

    items: tuple[ProductDocument, ...]
    total: int
    facets: Facets
    next: str | None


class ProductIndex(Protocol):
    """Five verbs."""

    async def put(
        self, documents: Sequence[ProductDocument], gone: Sequence[UUID] = (), version: int | None = None
    ) -> None:
        """Let these be found as they are now, and those that are gone no more.

        `version` rises from put to put; none: it counts whatever was put before.
        """
        ...

    async def search(self, question: Question) -> Found:
        """The page that was asked for. Refuses (UnfitCursor) a cursor of another question, or of none."""
        ...

    async def suggest(self, text: str, limit: int) -> Sequence[ProductDocument]:
        """What somebody who has typed so far may be about to type; no two of one name."""
        ...

    async def holds(self) -> int | None:
        """How many products can be found; None where the index is lost or not to be trusted and wants a `rebuild`.

        Refuses (SearchAway) where nobody can say, because the engine is away.
        """
        ...

    async def rebuild(self, documents: AsyncIterator[Sequence[ProductDocument]], version: int | None = None) -> None:
        """Put everything anew, and let readers change over when all of it is there. Nobody may `put` meanwhile."""
        ...
