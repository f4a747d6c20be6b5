"""The price of the flash sale that runs for a product, kept as the body that goes over the wire (S0-86).

The event that starts a sale puts the price into every process's cache until the sale is to end; the event that ends it
takes it out. Who finds none there asks the table, which the same transactions write.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.api.rest import encoded
from tradewind.contexts.pricing._domain.flash_sale import NoSuchFlashSale
from tradewind.contexts.pricing._store import flash_sales
from tradewind.contracts.messages import Command
from tradewind.contracts.pricing import FlashSaleEnded, FlashSaleStarted
from tradewind.kernel.clock import now
from tradewind.ports.cache import Cache
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query
from tradewind.runtime.keeping import Encoded, Kept
from tradewind.runtime.subscriptions import Here, listener

KEY: Final = "flash_price:{}"
KEPT_S: Final = 60.0
"""How long what was asked for is kept; what an event told is kept until the sale is to end."""


class FlashPrice(Struct, frozen=True, kw_only=True, rename="camel"):
    """What one piece costs while the sale runs."""

    product_id: UUID
    sale_id: UUID
    sku: str
    price: Decimal
    currency: str
    ends_at: datetime


class ShowFlashPrice(Command, frozen=True):
    """The price of the sale that runs for this product."""

    product_id: UUID


def _key(command: ShowFlashPrice) -> str:
    return KEY.format(command.product_id)


@query(action="pricing.list_flash_sales", kept=Kept("flash_price", _key, KEPT_S))
async def show_flash_price(command: ShowFlashPrice, tx: Tx) -> Encoded:
    """Refuses NoSuchFlashSale where none runs, which is not kept."""
    sale = await flash_sales.running_for(tx, command.product_id)
    if sale is None:
        raise NoSuchFlashSale("No flash sale runs for this product.", productId=str(command.product_id))
    return _body(
        FlashPrice(
            product_id=sale.product_id,
            sale_id=sale.id,
            sku=sale.sku,
            price=sale.price.amount,
            currency=sale.price.currency,
            ends_at=sale.ends_at,
        )
    )


def _body(price: FlashPrice) -> Encoded:
    return encoded(price, 1)


def forget_all(here: Here) -> None:
    """Events may have been missed."""
    here.peer(Cache).clear("flash_price:")


@listener(reset=forget_all)
def keep_flash_prices(event: FlashSaleStarted | FlashSaleEnded, here: Here) -> None:
    """What the event says is what counts: nobody has to ask when a sale starts, however many look."""
    cache = here.peer(Cache)
    if isinstance(event, FlashSaleEnded):
        cache.forget(*(KEY.format(product_id) for product_id in event.product_ids), at=here.at)
        return
    left_s = (event.ends_at - now()).total_seconds()
    if event.sku is None or event.price is None or event.currency is None or left_s <= 0:
        return
    for product_id in event.product_ids:
        price = FlashPrice(
            product_id=product_id,
            sale_id=event.sale_id,
            sku=event.sku,
            price=event.price,
            currency=event.currency,
            ends_at=event.ends_at,
        )
        cache.put(KEY.format(product_id), _body(price).as_bytes(), left_s, at=here.at)
