"""What carts tells, and what an order asks of a cart that is checked out."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Event
from tradewind.contracts.pricing import Quote
from tradewind.kernel.errors import Refusal


class _CartEvent(Event, frozen=True):
    """What every cart event says."""

    KEY: ClassVar[str] = "cart_id"
    cart_id: UUID


class CartCheckedOut(_CartEvent, frozen=True):
    """A cart became an order."""

    TYPE = "ecommerce.cart.cart.checked_out.v1"
    order_id: UUID


class CartAbandoned(_CartEvent, frozen=True):
    """Nobody has touched a filled cart for a while."""

    TYPE = "ecommerce.cart.cart.abandoned.v1"
    lines: int


class CartExpired(_CartEvent, frozen=True):
    """A cart that nobody came back to is closed."""

    TYPE = "ecommerce.cart.cart.expired.v1"


class Checkout(Struct, frozen=True, kw_only=True):
    """Somebody wants the cart at the price that was quoted, as the order `order_id`."""

    cart_id: UUID
    quote_token: str
    order_id: UUID
    user_id: str


class Agreed(Struct, frozen=True, kw_only=True):
    """What a good quote token stands for: exactly this, at exactly this price, to this place."""

    cart_id: UUID
    order_id: UUID
    quote: Quote
    shipping_method: str
    shipping_address: dict[str, str] | None = None
    email: str | None = None


class CartsPeer(Protocol):
    """How placing an order takes carts along, inside the placing transaction."""

    async def agree(self, tx: Any, checkouts: Sequence[Checkout]) -> Sequence[Agreed | Refusal]:
        """What each token stands for, its cart locked (in id order) until the end; nothing is written yet.

        Refused: an unknown, expired or spent token, a cart changed since, somebody else's cart.
        """
        ...

    def complete(self, tx: Any, agreed: Sequence[Agreed]) -> None:
        """Those became orders: close their carts and tell it, with the transaction's last statement."""
        ...

    async def owners(self, tx: Any, cart_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Whose each cart is that is still open; the others are left out."""
        ...
