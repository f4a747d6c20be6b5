"""Say something else of a picture, or put it in another place."""

from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.catalog._domain.image import NoSuchImage
from tradewind.contexts.catalog._domain.views import ImageView, image_view
from tradewind.contexts.catalog._store import images
from tradewind.contexts.catalog.add_image.command import check_alt, gallery, told
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ArrangeImage(Command, frozen=True):
    """What is None stays. `position` 0 is the first, which lists show; beyond the end is the end."""

    product_id: UUID
    image_id: UUID
    expected: int | None = None
    alt: str | None = None
    position: int | None = None


@handler(action="catalog.arrange_image")
async def arrange_image(command: ArrangeImage, tx: Tx) -> ImageView:
    """The picture; refuses with NoSuchProduct, NoSuchImage, Outdated, InvalidImage."""
    check_alt(command.alt or "")
    held, shown = await gallery(tx, command.product_id, command.expected)
    was = next((one for one in shown if one.id == command.image_id), None)
    if was is None:
        raise NoSuchImage(image_id=str(command.image_id))
    now = was if command.alt is None else replace(was, alt=command.alt)
    others = [one for one in shown if one.id != was.id]
    place = shown.index(was) if command.position is None else command.position
    others.insert(place, now)
    ordered = [replace(one, position=index) for index, one in enumerate(others)]
    if ordered != shown:
        await images.write(tx, ordered)
        told(tx, held, ordered)
        tx.audit("catalog.arrange_image", held.product.sku, image_id=str(was.id), position=place)
    return image_view(now)
