"""Leaf through the products."""

from uuid import UUID

from tradewind.contexts.catalog._domain.views import MAX_PAGE, PAGE, ProductPage, view
from tradewind.contexts.catalog._store import products
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class ListProducts(Command, frozen=True):
    """At most `limit` products after `cursor`, those of one SKU or one category where that is given."""

    limit: int = PAGE
    cursor: UUID | None = None
    sku: str | None = None
    category: str | None = None


@query(action="catalog.list_products")
async def list_products(command: ListProducts, tx: Tx) -> ProductPage:
    """A page in the order of the products' making; refuses (Invalid) a limit that no page has."""
    if not 1 <= command.limit <= MAX_PAGE:
        raise Invalid(f"A page has 1 to {MAX_PAGE} products.", pointer="/limit")
    found = await products.after(tx, command.cursor, command.sku, command.category, command.limit + 1)
    shown = found[: command.limit]
    more = len(found) > command.limit
    return ProductPage(items=tuple(view(product) for product in shown), next=shown[-1].id if more else None)
