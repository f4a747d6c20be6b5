"""Make a picture's files ready, before any transaction: it takes a second, and nobody may wait for it."""

from uuid import UUID

from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog._media.folder import Kept, MediaFolder
from tradewind.contexts.catalog._store import shelves
from tradewind.contexts.catalog._store.shelves import Wanted
from tradewind.contexts.catalog.get_product.query import EVERY_STATUS
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class PrepareImage(Command, frozen=True):
    """A picture as it came."""

    product_id: UUID
    content: bytes


@query(action="catalog.add_image")
async def prepare_image(command: PrepareImage, tx: Tx) -> Kept:
    """Its files are in the folder then; refuses with NoSuchProduct, InvalidImage. Done again, it changes nothing."""
    if not await shelves.page(tx, Wanted(EVERY_STATUS, ids=[command.product_id])):
        raise NoSuchProduct(product_id=str(command.product_id))
    return await tx.peer(MediaFolder).keep(command.content)
