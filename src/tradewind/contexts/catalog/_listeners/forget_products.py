"""Forgets the bodies of products that an event shows otherwise (S0-83): by events alone, in every process."""

from typing import Final, TypeAlias, assert_never

from tradewind.contracts.catalog import CategoryUpdated, ProductCreated, ProductDeleted, ProductUpdated
from tradewind.contracts.inventory import (
    BackorderAllotted,
    BundleChanged,
    InventoryReleased,
    InventoryReservationExpired,
    InventoryReserved,
    StockAdjusted,
)
from tradewind.contracts.pricing import (
    FlashSaleEnded,
    FlashSaleExhausted,
    FlashSaleReopened,
    FlashSaleStarted,
    ProductPriceChanged,
)
from tradewind.contracts.reviews import RatingChanged
from tradewind.ports.cache import BORN, Cache
from tradewind.runtime.subscriptions import Here, listener
from tradewind.runtime.telemetry import metrics

KEY: Final = "product:"
SKU: Final = "sku:"
CATEGORY: Final = "category:"
PRICES, STOCK, RATINGS = "catalog.on_price_changed", "catalog.availability", "catalog.rating"
SALES: Final = "catalog.listing"
"""Who writes what others tell of products, some time after it was told: such a body is not kept before."""
Described: TypeAlias = ProductCreated | ProductUpdated | ProductDeleted | CategoryUpdated
OnSale: TypeAlias = FlashSaleStarted | FlashSaleExhausted | FlashSaleReopened | FlashSaleEnded
Told: TypeAlias = (
    ProductPriceChanged
    | RatingChanged
    | StockAdjusted
    | BundleChanged
    | InventoryReserved
    | InventoryReleased
    | InventoryReservationExpired
    | BackorderAllotted
)
_staleness = metrics.cache_staleness_ms.labels("product")


def forget_all(here: Here) -> None:
    """Events may have been missed."""
    here.peer(Cache).clear(KEY)


@listener(reset=forget_all)
def forget_products(event: Described | Told | OnSale, here: Here) -> None:
    """Forget whatever shows what has changed: a parent shows its variants, a product its category."""
    tags, by = _touched(event)
    if here.peer(Cache).forget(*tags, at=here.at, by=by):
        _staleness.observe(here.age_ms)


def _touched(event: Described | Told | OnSale) -> tuple[list[str], str]:
    """What is shown otherwise, and who writes it."""
    match event:
        case ProductCreated() | ProductUpdated():
            ids = [one for one in (event.product_id, event.parent_id) if one is not None]
            return [f"{KEY}{one}" for one in ids], BORN
        case ProductDeleted():
            return [f"{KEY}{event.product_id}"], BORN
        case CategoryUpdated():
            return [f"{CATEGORY}{event.category_id}"], BORN
        case ProductPriceChanged():
            return [f"{KEY}{event.product_id}"], PRICES
        case FlashSaleStarted() | FlashSaleExhausted() | FlashSaleReopened() | FlashSaleEnded():
            return [f"{KEY}{one}" for one in event.product_ids], SALES
        case RatingChanged():
            return [f"{KEY}{event.product_id}"], RATINGS
        case StockAdjusted() | BundleChanged():
            return [SKU + event.sku], STOCK
        case InventoryReserved() | InventoryReleased() | InventoryReservationExpired() | BackorderAllotted():
            return [SKU + line.sku for line in event.items], STOCK
        case _:
            assert_never(event)
