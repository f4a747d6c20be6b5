"""Flash sales: when one runs, what may be said of one, and who gets the pieces: pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.pricing import (
    FlashSaleEnded,
    FlashSaleExhausted,
    FlashSaleLimit,
    FlashSaleReopened,
    FlashSaleSoldOut,
    FlashSaleStarted,
    Redemption,
)
from tradewind.kernel.errors import Conflict, Invalid, NotFound
from tradewind.kernel.lifecycle import Lifecycle
from tradewind.kernel.money import Money

MAX_PIECES: Final = 1_000_000
MAX_LENGTH: Final = timedelta(days=31)
MAX_AHEAD: Final = timedelta(days=366)


class SaleState(StrEnum):
    """Where a flash sale stands."""

    PLANNED = "PLANNED"
    RUNNING = "RUNNING"
    SOLD_OUT = "SOLD_OUT"
    ENDED = "ENDED"


SALE_LIFECYCLE = Lifecycle(
    (SaleState.PLANNED, FlashSaleStarted, SaleState.RUNNING),
    (SaleState.PLANNED, FlashSaleEnded, SaleState.ENDED),
    (SaleState.RUNNING, FlashSaleExhausted, SaleState.SOLD_OUT),
    (SaleState.RUNNING, FlashSaleEnded, SaleState.ENDED),
    (SaleState.SOLD_OUT, FlashSaleReopened, SaleState.RUNNING),
    (SaleState.SOLD_OUT, FlashSaleEnded, SaleState.ENDED),
)


class InvalidFlashSale(Invalid):
    """The flash sale breaks a rule. `errors` names each."""


class NoSuchFlashSale(NotFound):
    """There is no such flash sale."""


class FlashSaleOverlaps(Conflict):
    """A product has one flash sale at a time, and this one would run into another. `saleId` names that."""


class FlashSale(Struct, frozen=True, kw_only=True):
    """So many pieces of one product at a lower price. It runs until it ends, sold out or not."""

    id: UUID
    sku: str
    product_id: UUID
    price: Money
    quantity: int
    per_buyer: int
    starts_at: datetime
    ends_at: datetime
    state: SaleState = SaleState.PLANNED
    sold: int = 0

    @property
    def left(self) -> int:
        """Pieces that are to be had."""
        return self.quantity - self.sold

    def due(
        self, present: datetime
    ) -> FlashSaleStarted | FlashSaleEnded | FlashSaleExhausted | FlashSaleReopened | None:
        """What has to happen to it now, if anything. One whose time passed before it began ends without beginning."""
        match self.state:
            case SaleState.ENDED:
                return None
            case _ if self.ends_at <= present:
                return self.end(present)
            case SaleState.PLANNED if self.starts_at <= present:
                return self.start()
            case SaleState.RUNNING if self.left == 0:
                return FlashSaleExhausted(sale_id=self.id, product_ids=(self.product_id,), sku=self.sku)
            case SaleState.SOLD_OUT if self.left > 0:
                return FlashSaleReopened(sale_id=self.id, product_ids=(self.product_id,), sku=self.sku, left=self.left)
        return None

    def start(self) -> FlashSaleStarted:
        """Its price is the one that counts from now on."""
        SALE_LIFECYCLE.follow(self.state, FlashSaleStarted)
        return FlashSaleStarted(
            sale_id=self.id,
            product_ids=(self.product_id,),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            sku=self.sku,
            price=self.price.amount,
            currency=self.price.currency,
            quantity=self.quantity,
            per_buyer=self.per_buyer,
        )

    def end(self, present: datetime) -> FlashSaleEnded:
        """The usual prices count again. Refuses (IllegalMove) where they do already."""
        SALE_LIFECYCLE.follow(self.state, FlashSaleEnded)
        return FlashSaleEnded(
            sale_id=self.id, product_ids=(self.product_id,), ended_at=present, sku=self.sku, sold=self.sold
        )


def check(sale: FlashSale, regular: Money, present: datetime) -> None:
    """Refuse (InvalidFlashSale) what is no bargain, no quantity, no limit or no window."""
    rules = (
        ("/price", 0 < sale.price.minor < regular.minor, "A flash sale's price is above zero and below the usual one."),
        ("/quantity", 1 <= sale.quantity <= MAX_PIECES, f"A flash sale has 1 to {MAX_PIECES} pieces."),
        ("/perBuyer", 1 <= sale.per_buyer <= sale.quantity, "A buyer may have one piece at least, all at most."),
        ("/endsAt", sale.ends_at > max(sale.starts_at, present), "A flash sale ends after it starts, and not yet."),
        ("/endsAt", sale.ends_at - sale.starts_at <= MAX_LENGTH, f"A flash sale lasts {MAX_LENGTH.days} days at most."),
        ("/startsAt", sale.starts_at - present <= MAX_AHEAD, f"At most {MAX_AHEAD.days} days ahead."),
    )
    errors = [{"pointer": pointer, "detail": detail} for pointer, holds, detail in rules if not holds]
    if errors:
        raise InvalidFlashSale(errors=errors)


def allot(
    sales: Mapping[UUID, FlashSale], taken: Mapping[tuple[UUID, str], int], wanted: Sequence[Redemption]
) -> list[Conflict | None]:
    """Who gets pieces, in order of arrival, each order wholly or not at all; None for those who do.

    `taken`: pieces that a buyer has of a sale already. A sale that has ended still honours prices that were promised.
    """
    left = {sale_id: sale.left for sale_id, sale in sales.items()}
    has = dict(taken)
    outcomes: list[Conflict | None] = []
    for one in wanted:
        refusal = _why_not(one, sales, left, has)
        outcomes.append(refusal)
        if refusal is None:
            for sale_id, pieces in one.sale_pieces.items():
                left[sale_id] -= pieces
                has[sale_id, one.customer_id] = has.get((sale_id, one.customer_id), 0) + pieces
    return outcomes


def _why_not(
    one: Redemption,
    sales: Mapping[UUID, FlashSale],
    left: Mapping[UUID, int],
    has: Mapping[tuple[UUID, str], int],
) -> Conflict | None:
    for sale_id, pieces in one.sale_pieces.items():
        sale = sales[sale_id]
        if has.get((sale_id, one.customer_id), 0) + pieces > sale.per_buyer:
            return FlashSaleLimit(saleId=str(sale_id), sku=sale.sku, perBuyer=sale.per_buyer)
        if pieces > left[sale_id]:
            return FlashSaleSoldOut(saleId=str(sale_id), sku=sale.sku, left=left[sale_id])
    return None
