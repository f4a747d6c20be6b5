"""Leaf through the products."""

from uuid import UUID

from tradewind.contexts.catalog._domain.product import Status
from tradewind.contexts.catalog._domain.views import MAX_PAGE, PAGE, ProductPage, view_of
from tradewind.contexts.catalog._store import categories, shelves
from tradewind.contexts.catalog._store.shelves import Wanted
from tradewind.contexts.catalog.get_product.query import SEE_ALL, SHOPPERS_SEE
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.kernel.pages import cut
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class ListProducts(Command, frozen=True):
    """At most `limit` products after `cursor`: of one SKU, one category and all below it, with these ids.

    What is ACTIVE unless `status` says otherwise. Variants are left out unless SKU or ids ask for them.
    """

    limit: int = PAGE
    cursor: UUID | None = None
    sku: str | None = None
    category: str | None = None
    status: tuple[Status, ...] = ()
    ids: tuple[UUID, ...] | None = None


@query(action="catalog.list_products")
async def list_products(command: ListProducts, tx: Tx) -> ProductPage:
    """A page in the order of the products' making; refuses (Invalid) a limit that no page has, (Forbidden) a status."""
    if not 1 <= command.limit <= MAX_PAGE or len(command.ids or ()) > MAX_PAGE:
        raise Invalid(f"A page has 1 to {MAX_PAGE} products.", pointer="/limit")
    statuses = tuple(status.value for status in command.status) or SHOPPERS_SEE
    if statuses != SHOPPERS_SEE:
        tx.authorize(SEE_ALL)
    named = None if command.category is None else await categories.named(tx, command.category)
    wanted = Wanted(
        statuses,
        after=command.cursor,
        sku=command.sku,
        category_id=named.id if named else None,
        label=None if named else command.category,
        ids=command.ids,
        limit=command.limit + 1,
    )
    shown, last = cut(await shelves.page(tx, wanted), command.limit)
    return ProductPage(items=tuple(map(view_of, shown)), next=last.product.id if last else None)
