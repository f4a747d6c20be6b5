"""Show a picture no more."""

from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.catalog._domain.image import NoSuchImage
from tradewind.contexts.catalog._store import images
from tradewind.contexts.catalog.add_image.command import gallery, told
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class RemoveImage(Command, frozen=True):
    """`expected` is the version of the product that this is for; None for whichever."""

    product_id: UUID
    image_id: UUID
    expected: int | None = None


@handler(action="catalog.remove_image")
async def remove_image(command: RemoveImage, tx: Tx) -> None:
    """The product shows the others; refuses with NoSuchProduct, NoSuchImage, Outdated."""
    held, shown = await gallery(tx, command.product_id, command.expected)
    gone = next((one for one in shown if one.id == command.image_id), None)
    if gone is None:
        raise NoSuchImage(image_id=str(command.image_id))
    left = [replace(one, position=index) for index, one in enumerate(one for one in shown if one.id != gone.id)]
    await images.remove(tx, gone)
    await images.write(tx, left)
    told(tx, held, left)
    tx.audit("catalog.remove_image", held.product.sku, image=gone.hash, image_id=str(gone.id))
