"""One product as shoppers see it, kept as the body that goes over the wire (S0-83)."""

from typing import Final
from uuid import UUID

from tradewind.api.rest import encoded
from tradewind.contexts.catalog._listeners.forget_products import CATEGORY, KEY, PRICES, RATINGS, SALES, SKU, STOCK
from tradewind.contexts.catalog.get_product.query import SEE_ALL, GetProduct, get_product
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query
from tradewind.runtime.keeping import Encoded, Kept

KEPT_S: Final = 600.0
"""Events forget a body long before, where there are any; this bounds what a lost one could do."""


class ShowProduct(Command, frozen=True):
    """The product with this id, as GET answers it."""

    product_id: UUID


def _key(command: ShowProduct) -> str:
    return KEY + str(command.product_id)


@query(
    action="catalog.get_product",
    kept=Kept("product", _key, KEPT_S, written_by=(PRICES, STOCK, RATINGS, SALES), elsewhere=(STOCK,), unless=SEE_ALL),
)
async def show_product(command: ShowProduct, tx: Tx) -> Encoded:
    """The body of the product with its variants; refuses with NoSuchProduct. Kept for shoppers alone."""
    view = await get_product(GetProduct(product_id=command.product_id), tx)
    shows = [SKU + view.sku]
    shows += [tag for one in view.variants for tag in (f"{KEY}{one.id}", SKU + one.sku)]
    shows += [f"{CATEGORY}{view.category_id}"] if view.category_id else []
    return encoded(view, view.version, *shows)
