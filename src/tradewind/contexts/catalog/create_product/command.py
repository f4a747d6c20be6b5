"""Create a product with its first price."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from tradewind.contexts.catalog._domain.description import described
from tradewind.contexts.catalog._domain.product import FirstPrice, Kind, Product, SkuTaken, Status, Value
from tradewind.contexts.catalog._domain.views import ProductView, view
from tradewind.contexts.catalog._store import categories, products
from tradewind.contracts.messages import Command
from tradewind.contracts.pricing import PricingPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class CreateProduct(Command, frozen=True):
    """`amount` of `currency` is the first price; it counts from `priced_since`, now where None (for imports).

    `category` is the path of a category, or the name of one at the root; any other text stays a mere label.
    """

    sku: str
    name: str
    category: str
    amount: Decimal
    currency: str
    priced_since: datetime | None = None
    status: Status = Status.ACTIVE
    kind: Kind = Kind.PHYSICAL
    description: str = ""
    brand: str = ""
    attributes: Mapping[str, Value] = {}
    option_names: tuple[str, ...] = ()


@handler(action="catalog.create_product")
async def create_product(command: CreateProduct, tx: Tx) -> ProductView:
    """Product and price in one transaction; refuses with InvalidProduct or SkuTaken."""
    product = described(
        command.sku,
        command.name,
        command.category,
        FirstPrice(command.amount, command.currency),
        status=command.status,
        kind=command.kind,
        description=command.description,
        brand=command.brand,
        attributes=command.attributes,
        option_names=command.option_names,
    )
    product = await shelved(product, tx)
    await put(product, tx, priced_since=command.priced_since)
    tx.audit("catalog.create_product", product.sku, product_id=str(product.id))
    return view(product)


async def shelved(product: Product, tx: Tx) -> Product:
    """The product in the category that its label names, where there is one."""
    found = await categories.named(tx, product.category)
    if found is None:
        return replace(product, category_id=None, category_path=())
    return replace(product, category=found.name, category_id=found.id, category_path=found.path)


async def put(product: Product, tx: Tx, *, priced_since: datetime | None = None) -> None:
    """Write a new product and its price, and tell it; what is not sold yet is withheld. Refuses with SkuTaken."""
    if not await products.add(tx, product):
        raise SkuTaken(f"Another product carries the SKU {product.sku}.", sku=product.sku)
    tx.tell(product.created())
    pricing = tx.peer(PricingPeer)
    await pricing.set_price(tx, product.id, product.sku, product.price, reason="first price", valid_from=priced_since)
    if not product.is_sold:
        await pricing.withhold(tx, [product.id])
