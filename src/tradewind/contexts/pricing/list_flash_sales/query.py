"""The flash sales that run and those to come, in the order in which they start; and any one, over or not."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.flash_sale import NoSuchFlashSale
from tradewind.contexts.pricing._domain.flash_sale_view import FlashSaleView, view
from tradewind.contexts.pricing._store import flash_sales
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.kernel.pages import FIRST_MOMENT, Keyset, Moment
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE = 50
MAX_PAGE = 100
SOONEST: Final = Keyset("flash sales", tuple[Moment, UUID], (FIRST_MOMENT, UUID(int=0)))


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
    """A page; refuses UnfitCursor, and Invalid for a limit that no page has."""
    if not 1 <= command.limit <= MAX_PAGE:
        raise Invalid(f"A page has 1 to {MAX_PAGE} flash sales.", pointer="/limit")
    found = await flash_sales.open_after(tx, *SOONEST.after(command.cursor), command.limit + 1)
    shown, next_ = SOONEST.page(found, command.limit, lambda sale: (sale.starts_at, sale.id))
    return FlashSalePage(items=tuple(map(view, shown)), next=next_)


@query(action="pricing.list_flash_sales")
async def get_flash_sale(command: GetFlashSale, tx: Tx) -> FlashSaleView:
    """Refuses NoSuchFlashSale."""
    sale = await flash_sales.get(tx, command.sale_id)
    if sale is None:
        raise NoSuchFlashSale(saleId=str(command.sale_id))
    return view(sale)
