"""What can happen to a cart: the history that a cart is folded from. Values only; what others hear is in contracts."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contracts.carts import CartAbandoned, CartCheckedOut, CartExpired
from tradewind.kernel.money import Money


class CartOpened(Struct, frozen=True, kw_only=True):
    """Somebody has an empty cart."""

    owner: str
    guest: bool


class LineAdded(Struct, frozen=True, kw_only=True):
    """So many more of a product, which cost `price` a piece when it was put in."""

    sku: str
    product_id: UUID
    quantity: int
    price: Money


class QuantityChanged(Struct, frozen=True, kw_only=True):
    """So many of it, however many there were."""

    sku: str
    quantity: int


class LineRemoved(Struct, frozen=True, kw_only=True):
    """None of it any more."""

    sku: str


class LineSaved(Struct, frozen=True, kw_only=True):
    """Not now, but it is not to be forgotten."""

    sku: str


class LineMovedBack(Struct, frozen=True, kw_only=True):
    """What was saved for later is wanted now."""

    sku: str


class TakenLine(Struct, frozen=True, kw_only=True):
    """A line of a guest's cart as it comes over: so many pieces on top of those that are there."""

    sku: str
    product_id: UUID
    quantity: int
    price: Money
    saved: bool


class GuestCartTaken(Struct, frozen=True, kw_only=True):
    """What was in a guest's cart is in this one. `left_out`: pieces that no longer fitted, by SKU."""

    source: UUID
    lines: tuple[TakenLine, ...]
    left_out: dict[str, int] = {}


class MergedAway(Struct, frozen=True, kw_only=True):
    """All that was in here is in another cart now."""

    target: UUID


class HandedOver(Struct, frozen=True, kw_only=True):
    """A guest's cart became the cart of the user whom the guest turned out to be."""

    owner: str


CartEvent: TypeAlias = (
    CartOpened
    | LineAdded
    | QuantityChanged
    | LineRemoved
    | LineSaved
    | LineMovedBack
    | GuestCartTaken
    | MergedAway
    | HandedOver
    | CartAbandoned
    | CartExpired
    | CartCheckedOut
)
TYPES: Final[Mapping[str, type[CartEvent]]] = {
    kind.__name__: kind
    for kind in (
        CartOpened, LineAdded, QuantityChanged, LineRemoved, LineSaved, LineMovedBack, GuestCartTaken, MergedAway,
        HandedOver, CartAbandoned, CartExpired, CartCheckedOut,
    )
}  # fmt: skip
_encode = msgspec.json.Encoder().encode
_decoders: Final[Mapping[str, Any]] = {name: msgspec.json.Decoder(kind) for name, kind in TYPES.items()}


def written(event: CartEvent) -> tuple[str, str]:
    """An event as the store keeps it: its type and its body."""
    return type(event).__name__, _encode(event).decode()


def read(type_: str, body: str) -> CartEvent:
    """An event as it was written."""
    event: CartEvent = _decoders[type_].decode(body)
    return event
