"""Pricing's table of contents."""

from pathlib import Path

from tradewind.contexts.pricing._projections.flash_sale_price_map import flash_sale_price_map
from tradewind.contexts.pricing._projections.product_facts import product_facts
from tradewind.contexts.pricing._store.personal import UsedCoupons
from tradewind.contexts.pricing._subscribers.on_buyer_known import on_buyer_known
from tradewind.contexts.pricing._subscribers.on_order_called_off import on_order_called_off
from tradewind.contexts.pricing.end_flash_sale import rest as end_flash_sale_rest
from tradewind.contexts.pricing.end_flash_sale.command import EndFlashSale, end_flash_sale
from tradewind.contexts.pricing.get_price_history import rest as get_price_history_rest
from tradewind.contexts.pricing.get_price_history.query import get_price_history
from tradewind.contexts.pricing.keep_flash_sales.timer import KEEP_FLASH_SALES
from tradewind.contexts.pricing.list_flash_sales import rest as list_flash_sales_rest
from tradewind.contexts.pricing.list_flash_sales.query import get_flash_sale, list_flash_sales
from tradewind.contexts.pricing.peer import Pricing
from tradewind.contexts.pricing.set_price import rest as set_price_rest
from tradewind.contexts.pricing.set_price.command import SetPrice, set_price
from tradewind.contexts.pricing.start_flash_sale import rest as start_flash_sale_rest
from tradewind.contexts.pricing.start_flash_sale.command import StartFlashSale, start_flash_sale
from tradewind.contexts.pricing.tell_prices.timer import TELL_PRICES
from tradewind.contexts.pricing.watch_flash_sales import rest as watch_flash_sales_rest
from tradewind.contexts.pricing.watch_flash_sales.channel import FlashSaleChannel, announce, open_channel
from tradewind.contexts.pricing.watch_flash_sales.query import watch_flash_sales
from tradewind.contracts.pricing import PricingPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "EndFlashSale", "SetPrice", "StartFlashSale"]

_peer: PricingPeer = Pricing()
MANIFEST = Manifest(
    name="pricing",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        set_price,
        get_price_history,
        start_flash_sale,
        end_flash_sale,
        list_flash_sales,
        get_flash_sale,
        watch_flash_sales,
    ),
    routes=(
        set_price_rest.set_price,
        get_price_history_rest.get_price_history,
        start_flash_sale_rest.start_flash_sale,
        end_flash_sale_rest.end_flash_sale,
        list_flash_sales_rest.list_flash_sales,
        list_flash_sales_rest.get_flash_sale,
        watch_flash_sales_rest.watch_flash_sales,
    ),
    subscribers=(product_facts, flash_sale_price_map, on_order_called_off, on_buyer_known),
    listeners=(announce,),
    parts={FlashSaleChannel: open_channel},
    timers=(TELL_PRICES, KEEP_FLASH_SALES),
    peers={PricingPeer: _peer},
    personal_data=UsedCoupons(),
)
