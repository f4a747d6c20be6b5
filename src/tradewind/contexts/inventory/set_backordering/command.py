"""Say whether a SKU may be waited for: as a backorder, by so many pieces; as a pre-order, until its release."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from tradewind.contexts.inventory._domain.bundle import NoStockOfItsOwn
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory._store import backorders, bundles, stock
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

MAX_LIMIT: Final = 1_000_000
MAX_PATIENCE_DAYS: Final = 365
MAX_AHEAD: Final = timedelta(days=365)
"""A release is announced no longer ahead."""
PATIENCE_DAYS: Final = 30


class InvalidBackordering(Invalid):
    """A limit, a release or a number of days that makes no sense."""


class SetBackordering(Command, frozen=True):
    """From now on `limit` pieces more than there are may be ordered; nobody gets any before `releases_at`.

    An order waits for `patience_days`, from the release on where that is still to come.
    """

    sku: str
    limit: int
    releases_at: datetime | None = None
    patience_days: int = PATIENCE_DAYS


class Backordering(Struct, frozen=True, kw_only=True, rename="camel"):
    """How a SKU may be waited for; `waiting` pieces are, by orders and others."""

    sku: str
    limit: int
    patience_days: int
    waiting: int
    releases_at: datetime | None = None


@handler(action="inventory.backorder")
async def set_backordering(command: SetBackordering, tx: Tx) -> Backordering:
    """Orders that wait already go on waiting; refuses InvalidBackordering, NoSuchStock, and NoStockOfItsOwn."""
    ahead = command.releases_at is not None and command.releases_at - await backorders.now(tx) > MAX_AHEAD
    days = 1 <= command.patience_days <= MAX_PATIENCE_DAYS
    if ahead or not days or not 0 <= command.limit <= MAX_LIMIT:
        raise InvalidBackordering(
            f"Expected up to {MAX_LIMIT} pieces, 1 to {MAX_PATIENCE_DAYS} days, a release within a year."
        )
    found = await stock.hold(tx, [command.sku])
    if command.sku not in found:
        raise NoSuchStock(f"There is no stock of {command.sku}.", sku=command.sku)
    if await bundles.parts_of(tx, [command.sku]):
        raise NoStockOfItsOwn("A bundle is not waited for; its parts may be.", sku=command.sku)
    await tx.run(stock.SET_TERMS, command.sku, command.limit, command.patience_days, command.releases_at)
    tx.audit("inventory.set_backordering", command.sku, limit=command.limit, releases_at=str(command.releases_at))
    return Backordering(
        sku=command.sku,
        limit=command.limit,
        patience_days=command.patience_days,
        waiting=found[command.sku].terms.waiting,
        releases_at=command.releases_at,
    )
