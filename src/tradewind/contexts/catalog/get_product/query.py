"""Look at one product."""

from uuid import UUID

from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog._domain.views import ProductView, view
from tradewind.contexts.catalog._store import products
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetProduct(Command, frozen=True):
    """The product with this id."""

    product_id: UUID


@query(action="catalog.get_product")
async def get_product(command: GetProduct, tx: Tx) -> ProductView:
    """The product; refuses with NoSuchProduct."""
    product = await products.get(tx, command.product_id)
    if product is None:
        raise NoSuchProduct(product_id=str(command.product_id))
    return view(product)
