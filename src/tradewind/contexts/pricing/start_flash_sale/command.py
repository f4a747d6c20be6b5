"""Plan a flash sale. It starts and ends by the database's clock, whatever becomes of the process that took the wish."""

from datetime import datetime
from decimal import Decimal

from tradewind.contexts.pricing._domain.flash_sale import FlashSale, FlashSaleOverlaps, InvalidFlashSale, check
from tradewind.contexts.pricing._domain.flash_sale_view import FlashSaleView, view
from tradewind.contexts.pricing._domain.price import MAX_PRICE_EXPONENT, MAX_PRICE_TEXT, NoSuchPrice
from tradewind.contexts.pricing._store import flash_sales, prices
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money, NotMoney
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class StartFlashSale(Command, frozen=True):
    """Sell `quantity` pieces at `price`, in the usual price's currency. Without `starts_at` it starts now."""

    sku: str
    price: Decimal
    quantity: int
    per_buyer: int
    ends_at: datetime
    currency: str | None = None
    starts_at: datetime | None = None


@handler(action="pricing.start_flash_sale")
async def start_flash_sale(command: StartFlashSale, tx: Tx) -> FlashSaleView:
    """Refuses NoSuchPrice, InvalidFlashSale and FlashSaleOverlaps.

    The product's price is held meanwhile: of two sales that overlap one is planned, and none is planned above a price
    that falls at the same moment.
    """
    known = await flash_sales.usual(tx, command.sku)
    if known is not None:
        await prices.hold(tx, known.product_id)
    usual = await flash_sales.usual(tx, command.sku)
    if usual is None:
        raise NoSuchPrice("Not sold here: " + command.sku[:64], skus=[command.sku[:64]])
    if command.currency not in (None, usual.price.currency):
        raise InvalidFlashSale(errors=[{"pointer": "/price/currency", "detail": f"Sold in {usual.price.currency}."}])
    present = await flash_sales.present(tx)
    sale = FlashSale(
        id=new_id(),
        sku=usual.sku,
        product_id=usual.product_id,
        price=_money(command.price, usual.price.currency),
        quantity=command.quantity,
        per_buyer=command.per_buyer,
        starts_at=command.starts_at or present,
        ends_at=command.ends_at,
    )
    check(sale, usual.price, present)
    if other := await flash_sales.overlapping(tx, sale.sku, sale.starts_at, sale.ends_at):
        raise FlashSaleOverlaps(saleId=str(other))
    flash_sales.insert(tx, sale)
    tx.audit("pricing.start_flash_sale", str(sale.id), sku=sale.sku, price=str(sale.price), quantity=sale.quantity,
             perBuyer=sale.per_buyer)  # fmt: skip
    return view(sale)


def _money(amount: Decimal, currency: str) -> Money:
    if len(str(amount)) > MAX_PRICE_TEXT or (amount.is_finite() and amount.adjusted() > MAX_PRICE_EXPONENT):
        raise InvalidFlashSale(errors=[{"pointer": "/price", "detail": "The amount has too many digits."}])
    try:
        return Money.parse(amount, currency)
    except NotMoney as refusal:
        raise InvalidFlashSale(errors=[{"pointer": "/price", "detail": refusal.detail}]) from None
