"""Find orders: in the index that is kept of them elsewhere, or in the projection behind `orders.order_summary`.

Both have the same keys, so a cursor that one gave goes on in the other.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders.search_orders.named import LookUpNamed, Named
from tradewind.contexts.orders.search_orders.rows import LookUpFound
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.money import Money
from tradewind.kernel.pages import LAST_MOMENT, Keyset, Moment
from tradewind.ports.order_search import MAX_FOUND, Found, OrderSearch, OrderSearchAway, Question, Summary
from tradewind.runtime.handlers import Asking, outside
from tradewind.runtime.telemetry import metrics

MAX_PAGE: Final = MAX_FOUND - 1
NEWEST: Final = Keyset("found-orders", tuple[Moment, UUID], (LAST_MOMENT, MAX_ID))
DIGITS: Final = 32
"""Of an order's number, without its dashes."""
_BEGINNING: Final = re.compile(r"[0-9a-f]{8,32}")


class UnfitSearch(Invalid):
    """What is searched for cannot be read; `errors` names what."""


class SearchOrders(Command, frozen=True, kw_only=True):
    """See orders of which all of this holds. `cursor` is `next` of the page before, of the same search.

    `order`: an order's number, or how it begins. `item`: a SKU, or words of a title. Totals are in units of `currency`.
    """

    limit: int = 20
    cursor: str | None = None
    order: str | None = None
    email: str | None = None
    item: str | None = None
    statuses: tuple[Status, ...] = ()
    currency: str | None = None
    min_total: Decimal | None = None
    max_total: Decimal | None = None
    since: datetime | None = None
    until: datetime | None = None


class FoundOrder(Struct, frozen=True, kw_only=True, rename="camel"):
    """An order that was found. `userId`: whose it is, a guest's where nobody with an account has it."""

    id: UUID
    user_id: str
    status: Status
    total_amount: Decimal
    currency: str
    placed_at: datetime


class FoundOrders(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some orders, and where the next ones begin. `counts`: how many there are of each status, whichever was asked for.

    `countedAll`: false where only the newest were counted.
    """

    items: Sequence[FoundOrder]
    counts: Mapping[Status, int]
    counted_all: bool
    next: str | None


@outside(action="orders.search")
async def search_orders(command: SearchOrders, ask: Asking) -> FoundOrders:
    """Staff only. Refuses UnfitCursor, UnfitSearch, TooManyNamed."""
    limit = min(command.limit, MAX_PAGE)
    question = _question(command, limit + 1)
    if command.email is not None or command.item is not None:
        named: Named = await ask(LookUpNamed(email=command.email, item=command.item))
        question = _of(question, named)
    found = await _found(ask, question)
    shown, next_ = NEWEST.page(found.orders, limit, lambda one: (one.placed_at, one.order_id))
    counts = {status: found.counts[status] for status in Status if status in found.counts}
    return FoundOrders(items=[_view(one) for one in shown], counts=counts, counted_all=found.counted_all, next=next_)


async def _found(ask: Asking, question: Question) -> Found:
    try:
        found = await ask.peer(OrderSearch).search(question)
    except OrderSearchAway:
        metrics.order_search_missed_total.inc()
        found = None
    if found is not None:
        return found
    looked_up: Found = await ask(LookUpFound(question=question))
    return looked_up


def _question(command: SearchOrders, many: int) -> Question:
    least, most = _minor(command.min_total, command.currency), _minor(command.max_total, command.currency)
    return Question(
        before=NEWEST.after(command.cursor),
        many=many,
        ids=None if command.order is None else _ids(command.order),
        statuses=tuple(status.value for status in command.statuses),
        currency=command.currency,
        least_minor=least,
        most_minor=most,
        since=_in_utc(command.since),
        until=_in_utc(command.until),
    )


def _of(question: Question, named: Named) -> Question:
    return replace(question, buyers=named.buyers, skus=named.skus)


def _ids(order: str) -> tuple[UUID, UUID]:
    """From the first to the last number that begins so."""
    digits = order.strip().lower().replace("-", "")
    if not _BEGINNING.fullmatch(digits):
        raise UnfitSearch(errors=[{"pointer": "/order", "detail": "Expected a number, or its first 8 digits or more."}])
    return UUID(digits.ljust(DIGITS, "0")), UUID(digits.ljust(DIGITS, "f"))


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _minor(amount: Decimal | None, currency: str | None) -> int | None:
    if amount is None:
        return None
    if currency is None:
        raise UnfitSearch(errors=[{"pointer": "/currency", "detail": "Required: totals are compared in one."}])
    return Money.parse(amount, currency).minor


def _view(one: Summary) -> FoundOrder:
    return FoundOrder(
        id=one.order_id,
        user_id=one.user_id,
        status=Status(one.status),
        total_amount=Money(one.total_minor, one.currency).amount,
        currency=one.currency,
        placed_at=one.placed_at,
    )
