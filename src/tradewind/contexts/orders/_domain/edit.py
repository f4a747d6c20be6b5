"""A change of an order: other goods, another address. What it comes to, and what would be refused. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.orders._domain.order import Line, Order
from tradewind.contracts.orders import MAX_LINES, MAX_QUANTITY
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.kernel.money import MAX_MINOR, Money


class NotEditable(Conflict):
    """The order cannot be changed now: it is on its way, something else is under way with it, or it is over."""


class EditUnderWay(Conflict):
    """Another change of the order is not over yet."""


class UnfitEdit(Invalid):
    """Nothing would change, or the order would be none that can be had."""


class MethodMissing(Invalid):
    """The change costs more: say how that is to be paid."""


class Status(StrEnum):
    """Where an edit stands."""

    PENDING = "PENDING"
    COMMITTED = "COMMITTED"
    DONE = "DONE"
    REFUSED = "REFUSED"


OVER: Final = frozenset((Status.DONE, Status.REFUSED))


class Edit(Struct, frozen=True, kw_only=True):
    """What an order is to be of. `difference`: what it costs more than was paid; nothing while nothing was."""

    id: UUID
    order_id: UUID
    order_version: int
    lines: tuple[Line, ...]
    shipping: Money
    tax: Money
    discount: Money
    difference: Money
    status: Status = Status.PENDING
    payment_method: str | None = None
    shipping_address: dict[str, str] | None = None
    """Where it goes from now on; None where that stays."""
    refund_id: UUID | None = None
    refund_asked: str | None = None
    """The key of the saga's step that claimed the refund: asked anew, it claims another one."""
    why: str | None = None
    more: dict[str, int] = {}
    """What inventory is asked to add, where it has a database of its own: SKU to pieces."""
    less: dict[str, int] = {}

    @property
    def total(self) -> Money:
        """What the order comes to then."""
        items = sum(line.unit_price.minor * line.quantity for line in self.lines)
        minor = items + self.shipping.minor + self.tax.minor - self.discount.minor
        return Money(minor, self.shipping.currency)


class Added(Struct, frozen=True, kw_only=True):
    """What comes to an order at the prices of today."""

    lines: tuple[Line, ...]
    tax: Money
    discount: Money


class Kept(Struct, frozen=True, kw_only=True):
    """What stays of an order, at the prices at which it was bought, with its part of tax and discount."""

    lines: tuple[Line, ...]
    tax: Money
    discount: Money


def more(order: Order, wanted: Mapping[str, int]) -> dict[str, int]:
    """How many pieces of each SKU come, where `wanted` says how many there are to be."""
    had = order.quantities
    return {sku: quantity - had.get(sku, 0) for sku, quantity in wanted.items() if quantity > had.get(sku, 0)}


def kept(order: Order, wanted: Mapping[str, int], *, fees: bool = True) -> Kept:
    """What stays, with fees or without. Of several lines of one SKU the last one goes first."""
    gone = {sku: had - wanted[sku] for sku, had in order.quantities.items() if wanted.get(sku, had) < had}
    lines: list[Line] = []
    for line in reversed(order.lines):
        taken = min(gone.get(line.sku, 0), line.quantity) if line.kind == "goods" else 0
        if taken:
            gone[line.sku] -= taken
        if taken < line.quantity and (fees or line.kind == "goods"):
            lines.append(_with(line, line.quantity - taken))
    stays, whole = sum(line.unit_price.minor * line.quantity for line in lines), order.items_total.minor
    return Kept(
        lines=tuple(reversed(lines)), tax=_part(order.tax, stays, whole), discount=_part(order.discount, stays, whole)
    )


def together(stays: Kept, comes: Added) -> tuple[Line, ...]:
    """All lines; what comes at the price of a line that is there joins it."""
    lines = list(stays.lines)
    for new in comes.lines:
        same = next((at for at, line in enumerate(lines) if _joins(line, new)), None)
        if same is None:
            lines.append(new)
        else:
            lines[same] = _with(lines[same], lines[same].quantity + new.quantity)
    return tuple(lines)


def check(edit: Edit, order: Order) -> None:
    """Refuses (UnfitEdit) what is no change, or no order."""
    if edit.lines == order.lines and edit.shipping_address is None:
        raise UnfitEdit("Nothing would change.")
    goods = [line for line in edit.lines if line.kind == "goods"]
    if not goods:
        raise UnfitEdit("Nothing would be left of the order: cancel it instead.")
    if len(edit.lines) > MAX_LINES or any(line.quantity > MAX_QUANTITY for line in goods):
        raise UnfitEdit("The order would have too many lines, or too many pieces in one.")
    if not 0 <= edit.total.minor <= MAX_MINOR:
        raise UnfitEdit("The order's total would be out of bounds.")


def changes(order: Order, lines: Sequence[Line]) -> tuple[dict[str, int], dict[str, int]]:
    """SKU to pieces that come, and to pieces that go, when the order is of these lines."""
    had, have = order.quantities, pieces(lines)
    delta = {sku: have.get(sku, 0) - had.get(sku, 0) for sku in {*had, *have}}
    return {sku: n for sku, n in sorted(delta.items()) if n > 0}, {sku: -n for sku, n in sorted(delta.items()) if n < 0}


def pieces(lines: Sequence[Line]) -> dict[str, int]:
    """How many of each SKU these lines have; lines of one SKU taken together, fees left out."""
    found: dict[str, int] = {}
    for line in lines:
        if line.kind == "goods":
            found[line.sku] = found.get(line.sku, 0) + line.quantity
    return found


def _joins(line: Line, new: Line) -> bool:
    return (line.kind, line.sku, line.unit_price) == (new.kind, new.sku, new.unit_price)


def _with(line: Line, quantity: int) -> Line:
    return Line(sku=line.sku, product_id=line.product_id, quantity=quantity, unit_price=line.unit_price, kind=line.kind)


def _part(amount: Money, stays: int, whole: int) -> Money:
    """The part of tax or discount that belongs to what stays, by its value, rounded to the minor unit."""
    return Money((2 * amount.minor * stays + whole) // (2 * whole) if whole else amount.minor, amount.currency)
