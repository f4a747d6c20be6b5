"""End a flash sale before its time, or call one off that has not started."""

from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.pricing._domain.flash_sale import NoSuchFlashSale, SaleState
from tradewind.contexts.pricing._domain.flash_sale_view import FlashSaleView, view
from tradewind.contexts.pricing._store import flash_sales
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class EndFlashSale(Command, frozen=True):
    """The usual price shall count again."""

    sale_id: UUID


@handler(action="pricing.end_flash_sale")
async def end_flash_sale(command: EndFlashSale, tx: Tx) -> FlashSaleView:
    """Refuses NoSuchFlashSale, and IllegalMove where it has ended already. What was quoted is still honoured."""
    sale = (await flash_sales.lock(tx, [command.sale_id])).get(command.sale_id)
    if sale is None:
        raise NoSuchFlashSale(saleId=str(command.sale_id))
    ended = sale.end(await flash_sales.present(tx))
    flash_sales.move(tx, {sale.id: SaleState.ENDED})
    tx.tell(ended)
    tx.audit("pricing.end_flash_sale", str(sale.id), sku=sale.sku, sold=sale.sold)
    return view(replace(sale, state=SaleState.ENDED))
