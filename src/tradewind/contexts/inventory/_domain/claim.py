"""A claim: a reservation that is no order's, tried by somebody who will confirm or cancel it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.inventory._domain.reservation import Line, State, reserved_line
from tradewind.contracts.inventory import ReservedLine
from tradewind.kernel.errors import Conflict, Invalid, NotFound

MAX_TTL_S: Final = 86_400
MAX_LINES: Final = 1_000
"""As many as an order may have: where inventory runs apart, the goods of orders are held by claims."""
MAX_QUANTITY: Final = 100_000


class InvalidClaim(Invalid):
    """What is wanted breaks a rule. `errors` names each."""


class NoSuchReservation(NotFound):
    """There is no such reservation; those of orders are moved by their orders."""


class ReservationEnded(Conflict):
    """It was canceled, or it ran out before it was confirmed: its goods are free again. `state` tells which."""


class ClaimView(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is held until `expires_at`, or has left the stock since it was confirmed."""

    id: UUID
    state: State
    items: tuple[ReservedLine, ...]
    expires_at: datetime


def unfit(quantities: Mapping[str, int], ttl_s: int) -> InvalidClaim | None:
    """The refusal of what nobody can hold."""
    errors = []
    if not 1 <= len(quantities) <= MAX_LINES:
        errors.append({"pointer": "/items", "detail": f"Expected 1 to {MAX_LINES} SKUs."})
    if any(not 1 <= quantity <= MAX_QUANTITY for quantity in quantities.values()):
        errors.append({"pointer": "/items", "detail": f"Expected 1 to {MAX_QUANTITY} of each SKU."})
    if not 1 <= ttl_s <= MAX_TTL_S:
        errors.append({"pointer": "/ttlSeconds", "detail": f"Expected 1 to {MAX_TTL_S}."})
    return InvalidClaim(errors=errors) if errors else None


def view(lines: Sequence[Line]) -> ClaimView:
    """A claim as its owner sees it; all lines stand where the first does."""
    first = lines[0]
    items = tuple(reserved_line(line.sku, line.quantity, line.warehouse, line.bundle) for line in lines)
    return ClaimView(id=first.order_id, state=first.state, items=items, expires_at=first.expires_at)
