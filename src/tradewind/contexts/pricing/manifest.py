"""Pricing's table of contents."""

from pathlib import Path

from tradewind.contexts.pricing._projections.flash_sale_price_map import flash_sale_price_map
from tradewind.contexts.pricing._projections.product_facts import product_facts
from tradewind.contexts.pricing._store.personal import UsedCoupons
from tradewind.contexts.pricing._subscribers.on_buyer_known import on_buyer_known
from tradewind.contexts.pricing._subscribers.on_order_called_off import on_order_called_off
from tradewind.contexts.pricing.activate_promotion import rest as activate_promotion_rest
from tradewind.contexts.pricing.activate_promotion.command import ActivatePromotion, activate_promotion
from tradewind.contexts.pricing.change_price_book import rest as change_price_book_rest
from tradewind.contexts.pricing.change_price_book.command import change_price_book
from tradewind.contexts.pricing.change_promotion import rest as change_promotion_rest
from tradewind.contexts.pricing.change_promotion.command import change_promotion
from tradewind.contexts.pricing.classify_products import rest as classify_products_rest
from tradewind.contexts.pricing.classify_products.command import classify_category, classify_product
from tradewind.contexts.pricing.create_price_book import rest as create_price_book_rest
from tradewind.contexts.pricing.create_price_book.command import CreatePriceBook, create_price_book
from tradewind.contexts.pricing.create_promotion import rest as create_promotion_rest
from tradewind.contexts.pricing.create_promotion.command import CreatePromotion, create_promotion
from tradewind.contexts.pricing.end_flash_sale import rest as end_flash_sale_rest
from tradewind.contexts.pricing.end_flash_sale.command import EndFlashSale, end_flash_sale
from tradewind.contexts.pricing.end_price_override import rest as end_price_override_rest
from tradewind.contexts.pricing.end_price_override.command import EndPriceOverride, end_price_override
from tradewind.contexts.pricing.end_promotion import rest as end_promotion_rest
from tradewind.contexts.pricing.end_promotion.command import end_promotion
from tradewind.contexts.pricing.enter_prices import rest as enter_prices_rest
from tradewind.contexts.pricing.enter_prices.command import EnterPrices, enter_prices
from tradewind.contexts.pricing.get_flash_price import rest as get_flash_price_rest
from tradewind.contexts.pricing.get_flash_price.kept import keep_flash_prices, show_flash_price
from tradewind.contexts.pricing.get_price_book import rest as get_price_book_rest
from tradewind.contexts.pricing.get_price_book.query import get_price_book, list_book_entries, list_book_versions
from tradewind.contexts.pricing.get_price_history import rest as get_price_history_rest
from tradewind.contexts.pricing.get_price_history.query import get_price_history
from tradewind.contexts.pricing.keep_flash_sales.timer import KEEP_FLASH_SALES
from tradewind.contexts.pricing.list_coupons import rest as list_coupons_rest
from tradewind.contexts.pricing.list_coupons.query import list_coupons
from tradewind.contexts.pricing.list_flash_sales import rest as list_flash_sales_rest
from tradewind.contexts.pricing.list_flash_sales.query import get_flash_sale, list_flash_sales
from tradewind.contexts.pricing.list_price_books import rest as list_price_books_rest
from tradewind.contexts.pricing.list_price_books.query import list_price_books
from tradewind.contexts.pricing.list_price_overrides import rest as list_price_overrides_rest
from tradewind.contexts.pricing.list_price_overrides.query import list_price_overrides
from tradewind.contexts.pricing.list_promotions import rest as list_promotions_rest
from tradewind.contexts.pricing.list_promotions.query import get_promotion, list_promotions
from tradewind.contexts.pricing.list_taxes import rest as list_taxes_rest
from tradewind.contexts.pricing.list_taxes.query import list_taxes
from tradewind.contexts.pricing.make_coupons import rest as make_coupons_rest
from tradewind.contexts.pricing.make_coupons.command import MakeCoupons, make_coupons
from tradewind.contexts.pricing.make_quote import rest as make_quote_rest
from tradewind.contexts.pricing.make_quote.query import preview
from tradewind.contexts.pricing.override_price import rest as override_price_rest
from tradewind.contexts.pricing.override_price.command import OverridePrice, override_price
from tradewind.contexts.pricing.pause_promotion import rest as pause_promotion_rest
from tradewind.contexts.pricing.pause_promotion.command import PausePromotion, pause_promotion
from tradewind.contexts.pricing.peer import Pricing
from tradewind.contexts.pricing.publish_price_book import rest as publish_price_book_rest
from tradewind.contexts.pricing.publish_price_book.command import PublishPriceBook, publish_price_book
from tradewind.contexts.pricing.set_price import rest as set_price_rest
from tradewind.contexts.pricing.set_price.command import SetPrice, set_price
from tradewind.contexts.pricing.set_taxes import rest as set_taxes_rest
from tradewind.contexts.pricing.set_taxes.command import SetTaxes, set_taxes
from tradewind.contexts.pricing.start_flash_sale import rest as start_flash_sale_rest
from tradewind.contexts.pricing.start_flash_sale.command import StartFlashSale, start_flash_sale
from tradewind.contexts.pricing.tell_prices.timer import TELL_PRICES
from tradewind.contexts.pricing.watch_flash_sales import rest as watch_flash_sales_rest
from tradewind.contexts.pricing.watch_flash_sales.channel import FlashSaleChannel, announce, open_channel
from tradewind.contexts.pricing.watch_flash_sales.query import watch_flash_sales
from tradewind.contracts.pricing import PricingPeer
from tradewind.runtime.manifest import Manifest

__all__ = [
    "MANIFEST",
    "ActivatePromotion",
    "CreatePriceBook",
    "CreatePromotion",
    "EndFlashSale",
    "EndPriceOverride",
    "EnterPrices",
    "MakeCoupons",
    "OverridePrice",
    "PausePromotion",
    "PublishPriceBook",
    "SetPrice",
    "SetTaxes",
    "StartFlashSale",
]

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
        show_flash_price,
        override_price,
        end_price_override,
        list_price_overrides,
        create_price_book,
        list_price_books,
        get_price_book,
        list_book_versions,
        list_book_entries,
        change_price_book,
        enter_prices,
        publish_price_book,
        create_promotion,
        get_promotion,
        list_promotions,
        change_promotion,
        activate_promotion,
        pause_promotion,
        end_promotion,
        make_coupons,
        list_coupons,
        set_taxes,
        list_taxes,
        classify_product,
        classify_category,
        preview,
    ),
    routes=(
        set_price_rest.set_price,
        get_price_history_rest.get_price_history,
        start_flash_sale_rest.start_flash_sale,
        end_flash_sale_rest.end_flash_sale,
        list_flash_sales_rest.list_flash_sales,
        list_flash_sales_rest.get_flash_sale,
        watch_flash_sales_rest.watch_flash_sales,
        get_flash_price_rest.get_flash_price,
        override_price_rest.override_price,
        end_price_override_rest.end_price_override,
        list_price_overrides_rest.list_price_overrides,
        create_price_book_rest.create_price_book,
        list_price_books_rest.list_price_books,
        get_price_book_rest.get_price_book,
        get_price_book_rest.list_versions,
        get_price_book_rest.list_entries,
        change_price_book_rest.change_price_book,
        enter_prices_rest.enter_prices,
        publish_price_book_rest.publish_price_book,
        create_promotion_rest.create_promotion,
        list_promotions_rest.get_promotion,
        list_promotions_rest.list_promotions,
        change_promotion_rest.change_promotion,
        activate_promotion_rest.activate_promotion,
        pause_promotion_rest.pause_promotion,
        end_promotion_rest.end_promotion,
        make_coupons_rest.make_coupons,
        list_coupons_rest.list_coupons,
        set_taxes_rest.set_taxes,
        list_taxes_rest.list_taxes,
        classify_products_rest.classify_product,
        classify_products_rest.classify_category,
        make_quote_rest.make_quote,
    ),
    subscribers=(product_facts, flash_sale_price_map, on_order_called_off, on_buyer_known),
    listeners=(announce, keep_flash_prices),
    parts={FlashSaleChannel: open_channel},
    timers=(TELL_PRICES, KEEP_FLASH_SALES),
    peers={PricingPeer: _peer},
    personal_data=UsedCoupons(),
)
