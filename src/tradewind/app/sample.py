"""One product for an empty shop, so that a first order can be placed without setting anything up."""

from decimal import Decimal

from tradewind.app.told import SAMPLE_SKU
from tradewind.app.wiring import Shop
from tradewind.contexts.catalog.manifest import CreateProduct, ListProducts
from tradewind.contexts.inventory.manifest import AdjustStock
from tradewind.runtime.call import internal_call

SAMPLE_STOCK = 100


async def add_sample(shop: Shop) -> None:
    """Put a brass compass on the shelf where the catalog is empty."""
    call = internal_call("sample")
    if (await shop.dispatch(ListProducts(limit=1), call)).items:
        return
    compass = CreateProduct(
        sku=SAMPLE_SKU, name="Brass compass", category="instruments", amount=Decimal("24.90"), currency="EUR"
    )
    await shop.dispatch(compass, call)
    await shop.dispatch(AdjustStock(sku=SAMPLE_SKU, delta=SAMPLE_STOCK, reason="sample"), call)
