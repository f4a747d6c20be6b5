"""Create a product with its first price."""

from datetime import datetime
from decimal import Decimal

from tradewind.contexts.catalog._domain.product import SkuTaken, described
from tradewind.contexts.catalog._domain.views import ProductView, view
from tradewind.contexts.catalog._store import products
from tradewind.contracts.catalog import ProductCreated
from tradewind.contracts.messages import Command
from tradewind.contracts.pricing import PricingPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class CreateProduct(Command, frozen=True):
    """`amount` of `currency` is the first price; it counts from `priced_since`, now where None (for imports)."""

    sku: str
    name: str
    category: str
    amount: Decimal
    currency: str
    priced_since: datetime | None = None


@handler(action="catalog.create_product")
async def create_product(command: CreateProduct, tx: Tx) -> ProductView:
    """Product and price in one transaction; refuses with InvalidProduct or SkuTaken."""
    product = described(command.sku, command.name, command.category, command.amount, command.currency)
    if not await products.add(tx, product):
        raise SkuTaken(f"Another product carries the SKU {product.sku}.", sku=product.sku)
    tx.tell(ProductCreated(product_id=product.id, sku=product.sku, name=product.name, category=product.category))
    pricing = tx.peer(PricingPeer)
    await pricing.set_price(
        tx, product.id, product.sku, product.price, reason="first price", valid_from=command.priced_since
    )
    tx.audit("catalog.create_product", product.sku, product_id=str(product.id))
    return view(product)
