"""Look at one product."""

from uuid import UUID

from tradewind.contexts.catalog._domain.description import MAX_VARIANTS
from tradewind.contexts.catalog._domain.product import NoSuchProduct, Status
from tradewind.contexts.catalog._domain.views import ProductView, Shown, variant_view, view_of
from tradewind.contexts.catalog._store import shelves
from tradewind.contexts.catalog._store.shelves import Wanted
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

SEE_ALL = "catalog.see_all"
"""Who may do this sees drafts and what is archived."""
EVERY_STATUS = tuple(status.value for status in Status)
SHOPPERS_SEE = (Status.ACTIVE.value,)


class GetProduct(Command, frozen=True):
    """The product with this id."""

    product_id: UUID


class FindProduct(Command, frozen=True):
    """The product with this SKU."""

    sku: str


@query(action="catalog.get_product")
async def get_product(command: GetProduct, tx: Tx) -> ProductView:
    """The product with its variants; refuses with NoSuchProduct. Shoppers see what is ACTIVE."""
    return await _seen(tx, Wanted(visible(tx), ids=[command.product_id]), product_id=str(command.product_id))


@query(action="catalog.get_product")
async def find_product(command: FindProduct, tx: Tx) -> ProductView:
    """The product with its variants; refuses with NoSuchProduct. Shoppers see what is ACTIVE."""
    return await _seen(tx, Wanted(visible(tx), sku=command.sku), sku=command.sku)


async def look(tx: Tx, product_id: UUID) -> ProductView:
    """The product as whoever has just changed it sees it."""
    return await _seen(tx, Wanted(EVERY_STATUS, ids=[product_id]), product_id=str(product_id))


def visible(tx: Tx) -> tuple[str, ...]:
    """The states in which this caller sees products."""
    return EVERY_STATUS if tx.allows(SEE_ALL) else SHOPPERS_SEE


async def _seen(tx: Tx, wanted: Wanted, **facts: str) -> ProductView:
    found = await shelves.page(tx, wanted)
    if not found:
        raise NoSuchProduct(**facts)
    one = found[0]
    variants: list[Shown] = []
    if one.product.option_names:
        variants = await shelves.page(tx, Wanted(wanted.statuses, parent_id=one.product.id, limit=MAX_VARIANTS))
    return view_of(one, tuple(map(variant_view, variants)))
