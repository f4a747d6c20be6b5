"""A cart: what it holds, what may be done to it, what happens then. Pure: it decides events and is folded from them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Self, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.carts._domain.events import (
    CartEvent,
    CartOpened,
    GuestCartTaken,
    HandedOver,
    LineAdded,
    LineMovedBack,
    LineRemoved,
    LineSaved,
    MergedAway,
    QuantityChanged,
    TakenLine,
)
from tradewind.contracts.carts import CartAbandoned, CartCheckedOut, CartExpired
from tradewind.contracts.pricing import Price
from tradewind.kernel.errors import Conflict, NotFound
from tradewind.kernel.lifecycle import Lifecycle
from tradewind.kernel.money import Money

MAX_LINES: Final = 200
"""Lines of one cart, those that are saved for later among them."""
MAX_PIECES: Final = 1_000
"""Pieces of one SKU in one cart."""
MAX_CHANGES: Final = 10_000
"""Events of one cart; who needs more opens another."""


class Status(StrEnum):
    """Where a cart is."""

    OPEN = "OPEN"
    CHECKED_OUT = "CHECKED_OUT"
    MERGED = "MERGED"
    EXPIRED = "EXPIRED"


LIFECYCLE = Lifecycle(
    (Status.OPEN, CartCheckedOut, Status.CHECKED_OUT),
    (Status.OPEN, MergedAway, Status.MERGED),
    (Status.OPEN, CartExpired, Status.EXPIRED),
)


class NoSuchCart(NotFound):
    """There is no such cart."""


class NoSuchLine(NotFound):
    """The cart has no such line."""


class CartClosed(Conflict):
    """The cart is not open any more. `state` says why, `orderId` which order it became."""


class CartFull(Conflict):
    """No cart holds so much. `limit` says how many lines, pieces of one SKU, or changes."""


class Line(Struct, frozen=True, kw_only=True):
    """So many of one product; `price` a piece when it was last put in, `since` which version it came with."""

    sku: str
    product_id: UUID
    quantity: int
    price: Money
    saved: bool = False
    since: int


class Cart(Struct, frozen=True, kw_only=True):
    """A cart as it stands at `version`. Lines are in the order in which they came, of one SKU there is one."""

    id: UUID
    owner: str
    guest: bool
    status: Status = Status.OPEN
    version: int
    lines: tuple[Line, ...] = ()
    order_id: UUID | None = None
    merged_into: UUID | None = None

    @property
    def wanted(self) -> tuple[Line, ...]:
        """The lines that a checkout is about."""
        return tuple(line for line in self.lines if not line.saved)

    def line(self, sku: str) -> Line:
        """The line of this SKU; refuses NoSuchLine."""
        for line in self.lines:
            if line.sku == sku:
                return line
        raise NoSuchLine(sku=sku)

    def add(self, price: Price, quantity: int) -> LineAdded:
        """So many more of what `price` is of. What was saved for later comes back with them."""
        self._may_change()
        here = next((line.quantity for line in self.lines if line.sku == price.sku), None)
        if here is None and len(self.lines) >= MAX_LINES:
            raise CartFull(f"A cart has at most {MAX_LINES} lines.", limit=MAX_LINES)
        _fits((here or 0) + quantity)
        return LineAdded(sku=price.sku, product_id=price.product_id, quantity=quantity, price=price.price)

    def change(self, sku: str, quantity: int) -> QuantityChanged | None:
        """So many of it from now on; None where there are so many."""
        self._may_change()
        _fits(quantity)
        return None if self.line(sku).quantity == quantity else QuantityChanged(sku=sku, quantity=quantity)

    def remove(self, sku: str) -> LineRemoved:
        """None of it any more, neither now nor later."""
        self._may_change()
        return LineRemoved(sku=self.line(sku).sku)

    def save(self, sku: str) -> LineSaved | None:
        """Put it aside; None where it is."""
        self._may_change()
        return None if self.line(sku).saved else LineSaved(sku=sku)

    def move_back(self, sku: str) -> LineMovedBack | None:
        """Take it from aside; None where it is not there."""
        self._may_change()
        return LineMovedBack(sku=sku) if self.line(sku).saved else None

    def take(self, guests: "Cart") -> GuestCartTaken:
        """Take over what a guest's cart holds. Of one SKU the pieces add up, to MAX_PIECES; lines fill up to MAX_LINES.

        What lies here is not moved, and keeps its price; what is saved on one side and wanted on the other is wanted.
        """
        self._open()
        here = {line.sku: line for line in self.lines}
        room = MAX_LINES - len(here)
        taken, left_out = [], {}
        for line in guests.lines:
            mine = here.get(line.sku)
            room -= mine is None
            fits = min(line.quantity, MAX_PIECES - (mine.quantity if mine else 0)) if mine or room >= 0 else 0
            if fits < line.quantity:
                left_out[line.sku] = line.quantity - fits
            if fits or (mine and mine.saved and not line.saved):
                taken.append(
                    TakenLine(
                        sku=line.sku, product_id=line.product_id, quantity=fits, price=line.price, saved=line.saved
                    )
                )
        return GuestCartTaken(source=guests.id, lines=tuple(taken), left_out=left_out)

    def go_into(self, target: UUID) -> MergedAway:
        """All that is in here is in another cart from now on."""
        self._open()
        return MergedAway(target=target)

    def hand_over(self, owner: str) -> HandedOver:
        """Become the cart of the user whom the guest turned out to be."""
        self._open()
        return HandedOver(owner=owner)

    def may_be_quoted(self) -> None:
        """Refuse (CartClosed) what is no cart any more."""
        self._open()

    def _open(self) -> None:
        if self.status is not Status.OPEN:
            raise closed(self.status, self.order_id)

    def _may_change(self) -> None:
        """Refuse (CartClosed, CartFull) what can no longer be changed by its owner."""
        self._open()
        if self.version >= MAX_CHANGES:
            raise CartFull(f"A cart changes at most {MAX_CHANGES} times.", limit=MAX_CHANGES)

    def after(self, event: CartEvent) -> Self:
        """The cart once `event` has happened."""
        now = replace(self, version=self.version + 1)
        match event:
            case LineAdded():
                return now._put(event, saved=False, price=event.price)
            case QuantityChanged():
                return now._with(replace(self.line(event.sku), quantity=event.quantity))
            case LineRemoved():
                return replace(now, lines=tuple(line for line in self.lines if line.sku != event.sku))
            case LineSaved():
                return now._with(replace(self.line(event.sku), saved=True))
            case LineMovedBack():
                return now._with(replace(self.line(event.sku), saved=False))
            case GuestCartTaken():
                for line in event.lines:
                    now = now._put(line, saved=line.saved, price=None)
                return now
            case CartOpened():
                raise AssertionError("a cart is opened once")
            case _:
                return now._moved(event)

    def _moved(self, event: HandedOver | MergedAway | CartCheckedOut | CartExpired | CartAbandoned) -> Self:
        """The cart after what is about all of it."""
        match event:
            case HandedOver():
                return replace(self, owner=event.owner, guest=False)
            case MergedAway():
                return replace(self, status=LIFECYCLE.follow(self.status, MergedAway), merged_into=event.target)
            case CartCheckedOut():
                return replace(self, status=LIFECYCLE.follow(self.status, CartCheckedOut), order_id=event.order_id)
            case CartExpired():
                return replace(self, status=LIFECYCLE.follow(self.status, CartExpired))
            case CartAbandoned():
                return self
            case _:
                assert_never(event)

    def _put(self, new: LineAdded | TakenLine, *, saved: bool, price: Money | None) -> Self:
        """So many more of a SKU. `price`: what it costs from now on, where that is news to a line that is there."""
        for line in self.lines:
            if line.sku == new.sku:
                return self._with(
                    replace(
                        line,
                        quantity=line.quantity + new.quantity,
                        price=price or line.price,
                        saved=line.saved and saved,
                    )
                )
        line = Line(
            sku=new.sku, product_id=new.product_id, quantity=new.quantity, price=new.price, saved=saved,
            since=self.version,
        )  # fmt: skip
        return replace(self, lines=tuple(sorted((*self.lines, line), key=_rank)))

    def _with(self, changed: Line) -> Self:
        return replace(self, lines=tuple(changed if line.sku == changed.sku else line for line in self.lines))


def closed(status: Status, order_id: UUID | None) -> CartClosed:
    """Why a cart takes no more."""
    order = {"orderId": str(order_id)} if order_id else {}
    return CartClosed(f"The cart is {status.value}.", state=status.value, **order)


def _rank(line: Line) -> tuple[int, str]:
    return line.since, line.sku


def _fits(pieces: int) -> None:
    assert pieces > 0, "the edge lets nothing else through"
    if pieces > MAX_PIECES:
        raise CartFull(f"A cart holds at most {MAX_PIECES} pieces of one SKU.", limit=MAX_PIECES)


def opened(cart_id: UUID, event: CartOpened) -> Cart:
    """The cart that begins with `event`."""
    return Cart(id=cart_id, owner=event.owner, guest=event.guest, version=1)


def fold(cart_id: UUID, events: Iterable[CartEvent]) -> Cart:
    """The cart that its history leads to."""
    history = iter(events)
    first = next(history)
    assert isinstance(first, CartOpened), "a history begins with the opening"
    cart = opened(cart_id, first)
    for event in history:
        cart = cart.after(event)
    return cart
