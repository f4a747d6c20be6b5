"""A recommendation, and why it is made."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal
from uuid import UUID

from msgspec import Struct

Kind = Literal["bought-together", "similar", "for-you", "popular", "new", "meaning", "words"]
MAX_RECOMMENDED = 50


class Because(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Why something is recommended: in words, and by what. `orders`: how many held both; `shared`: what they have in
    common; `to`: the products that led here."""

    kind: Kind
    text: str
    orders: int = 0
    shared: tuple[str, ...] = ()
    to: tuple[UUID, ...] = ()


class Recommended(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A product that might please. `price` is the one that counted when it was last told."""

    id: UUID
    sku: str
    name: str
    category: str
    because: Because
    price: Decimal | None = None
    currency: str | None = None
    image: str | None = None


class Recommendations(Struct, frozen=True, kw_only=True, rename="camel"):
    """What might please, the likeliest first."""

    items: list[Recommended]


def first_of_each(found: Iterable[Recommended], limit: int, *, without: Sequence[UUID] = ()) -> list[Recommended]:
    """The first `limit` products, each once, none of `without`."""
    kept: dict[UUID, Recommended] = {}
    hidden = set(without)
    for one in found:
        if one.id not in hidden:
            kept.setdefault(one.id, one)
        if len(kept) == limit:
            break
    return list(kept.values())
