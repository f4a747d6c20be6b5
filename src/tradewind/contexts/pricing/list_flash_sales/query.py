"""The flash sales that run and those to come, in the order in which they start; and any one, over or not."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.flash_sale import NoSuchFlashSale
from tradewind.contexts.pricing._domain.flash_sale_view import FlashSaleView, view
from tradewind.contexts.pricing._store import flash_sales
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE = 50
MAX_PAGE = 100
_FROM_THE_START = f"0001-01-02T00:00:00+00:00~{UUID(int=0)}"


class UnfitSaleCursor(Invalid):
    """The cursor is none that this list gave."""


class ListFlashSales(Command, frozen=True):
    """See the sales that have not ended. `cursor` is `next` of the page before."""

    limit: int = PAGE
    cursor: str | None = None


class GetFlashSale(Command, frozen=True):
    """See one sale."""

    sale_id: UUID


class FlashSalePage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some flash sales, and where the next ones begin."""

    items: tuple[FlashSaleView, ...]
    next: str | None


@query(action="pricing.list_flash_sales")
async def list_flash_sales(command: ListFlashSales, tx: Tx) -> FlashSalePage:
    """A page; refuses UnfitSaleCursor, and Invalid for a limit that no page has."""
    if not 1 <= command.limit <= MAX_PAGE:
        raise Invalid(f"A page has 1 to {MAX_PAGE} flash sales.", pointer="/limit")
    starts_at, sale_id = _read(command.cursor or _FROM_THE_START)
    found = await flash_sales.open_after(tx, starts_at, sale_id, command.limit + 1)
    shown = found[: command.limit]
    more = len(found) > command.limit
    return FlashSalePage(
        items=tuple(view(sale) for sale in shown),
        next=f"{shown[-1].starts_at.isoformat()}~{shown[-1].id}" if more else None,
    )


@query(action="pricing.list_flash_sales")
async def get_flash_sale(command: GetFlashSale, tx: Tx) -> FlashSaleView:
    """Refuses NoSuchFlashSale."""
    sale = await flash_sales.get(tx, command.sale_id)
    if sale is None:
        raise NoSuchFlashSale(saleId=str(command.sale_id))
    return view(sale)


def _read(cursor: str) -> tuple[datetime, UUID]:
    at, _, sale_id = cursor.partition("~")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), UUID(sale_id)
    except (ValueError, OverflowError):
        raise UnfitSaleCursor from None
