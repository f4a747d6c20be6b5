"""A return and its life: a table of from, by, to. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contracts.inventory import MAIN
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import Bought
from tradewind.contracts.returns import (
    InspectedItem,
    ReceivedItem,
    ReturnApproved,
    ReturnCanceled,
    ReturnedItem,
    ReturnInspected,
    ReturnReceived,
    ReturnRefunded,
    ReturnRejected,
    ReturnRequested,
)
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.kernel.lifecycle import IllegalMove, Lifecycle
from tradewind.kernel.money import Money

E = TypeVar("E", bound=Event)
WINDOW: Final = timedelta(days=30)
"""For so long after it came the buyer may ask to give something back."""


class Status(StrEnum):
    """Where a return stands."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    CANCELED = "CANCELED"
    RECEIVED = "RECEIVED"
    INSPECTED = "INSPECTED"
    REFUNDED = "REFUNDED"


class Reason(StrEnum):
    """Why something comes back."""

    DAMAGED = "DAMAGED"
    WRONG_ITEM = "WRONG_ITEM"
    NOT_AS_DESCRIBED = "NOT_AS_DESCRIBED"
    DOES_NOT_FIT = "DOES_NOT_FIT"
    CHANGED_MIND = "CHANGED_MIND"


class MoneyNeverCame:
    """The provider said that the money was back, and takes it back."""


LIFECYCLE = Lifecycle(
    (Status.REQUESTED, ReturnApproved, Status.APPROVED),
    (Status.REQUESTED, ReturnRejected, Status.REJECTED),
    (Status.REQUESTED, ReturnCanceled, Status.CANCELED),
    (Status.APPROVED, ReturnCanceled, Status.CANCELED),
    (Status.APPROVED, ReturnReceived, Status.RECEIVED),
    (Status.RECEIVED, ReturnInspected, Status.INSPECTED),
    (Status.INSPECTED, ReturnRefunded, Status.REFUNDED),
    (Status.REFUNDED, MoneyNeverCame, Status.INSPECTED),
)
HERE: Final = frozenset((Status.RECEIVED, Status.INSPECTED, Status.REFUNDED))
OFF: Final = frozenset((Status.REJECTED, Status.CANCELED))
"""What is off claims nothing of what was bought."""


class NotReturnable(Conflict):
    """Only what was delivered, and not too long ago, can be given back."""


class ReturnTooLarge(Conflict):
    """More than was bought and has not been given back. `left` says how many of each SKU are."""


class UnfitInspection(Invalid):
    """Each piece of each SKU that came back has to be accounted for, once."""


class UnfitReceipt(Invalid):
    """A warehouse is named for what is not in the parcel, or two are for the same."""


class Line(Struct, frozen=True, kw_only=True):
    """So many of one SKU, where they are once they came, and what became of them once somebody has looked."""

    sku: str
    quantity: int
    restocked: int = 0
    written_off: int = 0
    refused: int = 0
    warehouse: str = MAIN

    @property
    def accepted(self) -> int:
        """Pieces that the shop has taken back for good."""
        return self.restocked + self.written_off

    @property
    def claimed(self) -> int:
        """Pieces that no other return may name: all until somebody has looked, then those that were taken back."""
        return self.quantity - self.refused


class Return(Struct, frozen=True, kw_only=True):
    """Some of an order on its way back. `amount` is what the buyer gets for it, known once it is inspected."""

    id: UUID
    order_id: UUID
    reason: Reason
    lines: tuple[Line, ...]
    amount: Money
    status: Status = Status.REQUESTED
    version: int = 1
    refund_id: UUID | None = None
    why: str | None = None
    exchange: tuple[tuple[str, int], ...] = ()
    """What the buyer would rather have: so many of each SKU, in the order of the SKUs."""
    replacement_id: UUID | None = None
    """The order that goes out for it."""
    back: int = 0
    """So much of it the buyer is said to have, in minor units."""
    retry_id: UUID | None = None
    """The saga that asks for its money once more, while one does."""

    @property
    def number(self) -> str:
        """What its parcel is labelled with."""
        return f"RT-{self.id.hex[-12:].upper()}"

    @property
    def is_here(self) -> bool:
        """Whether the parcel came."""
        return self.status in HERE

    @property
    def is_asking(self) -> bool:
        """Whether it is inspected, and payments in another process is asked what goes back for it."""
        return self.status is Status.RECEIVED and self.refund_id is not None

    def request(self) -> ReturnRequested:
        """Tell that it is asked for."""
        items = tuple(ReturnedItem(line.sku, line.quantity) for line in self.lines)
        exchange = tuple(ReturnedItem(sku, quantity) for sku, quantity in self.exchange)
        return ReturnRequested(**self._ids(), items=items, reason=self.reason.value, exchange=exchange)

    def approve(self) -> tuple[Self, ReturnApproved]:
        """It may come back."""
        return self._moved(ReturnApproved(**self._ids(), number=self.number))

    def reject(self, why: str) -> tuple[Self, ReturnRejected]:
        """It is not wanted."""
        moved, event = self._moved(ReturnRejected(**self._ids()))
        return replace(moved, why=why), event

    def cancel(self) -> tuple[Self, ReturnCanceled]:
        """The buyer keeps it."""
        return self._moved(ReturnCanceled(**self._ids()))

    def receive(self, places: Mapping[str, str]) -> tuple[Self, ReturnReceived]:
        """The parcel is here: the goods of each SKU in the warehouse that `places` says."""
        lines = tuple(replace(line, warehouse=places[line.sku]) for line in self.lines)
        items = tuple(ReceivedItem(line.sku, line.warehouse) for line in lines)
        moved, event = self._moved(ReturnReceived(**self._ids(), items=items))
        return replace(moved, lines=lines), event

    def inspect(self, found: Sequence[Line]) -> Self:
        """With what became of each piece; refuses (IllegalMove, UnfitInspection)."""
        LIFECYCLE.follow(self.status, ReturnInspected)
        if self.is_asking:
            raise IllegalMove("It is inspected; what goes back for it is being asked for.", state=self.status.value)
        if _pieces(found) != _pieces(self.lines) or len(found) != len(self.lines):
            raise UnfitInspection(expected=_pieces(self.lines))
        places = {line.sku: line.warehouse for line in self.lines}
        seen = [replace(line, warehouse=places[line.sku]) for line in found]
        return replace(self, lines=tuple(sorted(seen, key=lambda line: line.sku)))

    def ask(self, refund_id: UUID, replacement_id: UUID | None) -> Self:
        """It is inspected: what goes back for it is asked for, as this refund, and told when that is known.

        An order goes out for it, where one does; that waits, too.
        """
        return replace(self, refund_id=refund_id, replacement_id=replacement_id, version=self.version + 1)

    def ask_anew(self, refund_id: UUID) -> Self:
        """The provider would not give it back: it is another refund from now on."""
        return replace(self, refund_id=refund_id, back=0, version=self.version + 1)

    def settle(self, amount: Money, refund_id: UUID, replacement_id: UUID | None) -> tuple[Self, ReturnInspected]:
        """So much goes back for what was inspected, as this refund; and an order goes out, where one does."""
        items = tuple(InspectedItem(one.sku, one.restocked, one.written_off, one.refused) for one in self.lines)
        told = ReturnInspected(**self._ids(), items=items, refund_amount=amount.amount,
                               currency=amount.currency, replacement_id=replacement_id)  # fmt: skip
        moved, event = self._moved(told)
        return replace(moved, amount=amount, refund_id=refund_id, replacement_id=replacement_id), event

    def refund(self) -> tuple[Self, ReturnRefunded]:
        """The buyer has the money."""
        return self._moved(
            ReturnRefunded(**self._ids(), refund_amount=self.amount.amount, currency=self.amount.currency)
        )

    def owe_again(self) -> Self:
        """The buyer does not have the money after all: it may be asked for once more."""
        return replace(self, status=LIFECYCLE.follow(self.status, MoneyNeverCame), version=self.version + 1)

    def _moved(self, event: E) -> tuple[Self, E]:
        status = LIFECYCLE.follow(self.status, type(event))
        return replace(self, status=status, version=self.version + 1), event

    def _ids(self) -> dict[str, UUID]:
        return {"return_id": self.id, "order_id": self.order_id}


def check(wanted: Mapping[str, int], bought: Bought, others: Sequence[Return], at: datetime) -> None:
    """Refuses (NotReturnable, ReturnTooLarge) what may not be asked for, given the order's other returns."""
    if bought.fulfilled_at is None or at > bought.fulfilled_at + WINDOW:
        raise NotReturnable(status=bought.status)
    left = remaining(bought, others)
    if any(quantity > left.get(sku, 0) for sku, quantity in wanted.items()):
        raise ReturnTooLarge(left={sku: left.get(sku, 0) for sku in wanted})


def remaining(bought: Bought, others: Sequence[Return]) -> dict[str, int]:
    """How many of each SKU were bought and are claimed by no return."""
    left: dict[str, int] = {}
    for line in bought.lines:
        left[line.sku] = left.get(line.sku, 0) + line.quantity
    for one in others:
        for claim in one.lines if one.status not in OFF else ():
            left[claim.sku] = left.get(claim.sku, 0) - claim.claimed
    return left


def destinations(
    awaited: Return, whole: str | None, named: Sequence[tuple[str, str]], left: Mapping[str, str]
) -> dict[str, str]:
    """The warehouse that each SKU came to: the one `named` for it, else for the `whole` parcel, else the one it `left`.

    Refuses UnfitReceipt.
    """
    apart = dict(named)
    skus = {line.sku for line in awaited.lines}
    if len(apart) < len(named) or not apart.keys() <= skus:
        raise UnfitReceipt(skus=sorted(skus))
    return {sku: apart.get(sku) or whole or left.get(sku, MAIN) for sku in sorted(skus)}


def accepted(inspected: Return) -> dict[str, int]:
    """How many of each SKU are taken back for good, and so paid back."""
    return {line.sku: line.accepted for line in inspected.lines if line.accepted}


def exchanged(inspected: Return) -> dict[str, int]:
    """What goes out: what the buyer would rather have, but no more pieces than are taken back for good."""
    left, out = sum(line.accepted for line in inspected.lines), {}
    for sku, quantity in inspected.exchange:
        if pieces := min(quantity, left):
            out[sku] = pieces
            left -= pieces
    return out


def _pieces(lines: Sequence[Line]) -> dict[str, int]:
    return {line.sku: line.restocked + line.written_off + line.refused or line.quantity for line in lines}
