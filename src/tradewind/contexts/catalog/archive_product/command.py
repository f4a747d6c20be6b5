"""Sell a product no more."""

from uuid import UUID

from tradewind.contexts.catalog._domain.product import NoSuchProduct, Status
from tradewind.contexts.catalog._store import products
from tradewind.contexts.catalog.update_product.command import settle
from tradewind.contracts.messages import Command
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ArchiveProduct(Command, frozen=True):
    """`expected` is the version that this is for; None for whichever."""

    product_id: UUID
    expected: int | None = None


@handler(action="catalog.archive_product")
async def archive_product(command: ArchiveProduct, tx: Tx) -> None:
    """Archive it with all its variants; nothing happens to what is archived. Refuses with NoSuchProduct, Outdated."""
    held = await products.hold(tx, command.product_id, variants=True)
    if not held:
        raise NoSuchProduct(product_id=str(command.product_id))
    first = held[0].product
    expect(command.expected, first.version)
    await settle(tx, [(one, one.product.moved_to(Status.ARCHIVED)) for one in held])
    if first.status is not Status.ARCHIVED:
        tx.audit("catalog.archive_product", first.sku, product_id=str(first.id), variants=len(held) - 1)
