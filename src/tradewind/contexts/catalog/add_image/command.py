"""Show a picture whose files are ready."""

from uuid import UUID

from tradewind.contexts.catalog._domain.description import text
from tradewind.contexts.catalog._domain.image import MAX_ALT, MAX_IMAGES, Image, InvalidImage, TooManyImages, small
from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog._domain.views import ImageView, image_view
from tradewind.contexts.catalog._media.folder import Kept
from tradewind.contexts.catalog._store import images, products
from tradewind.contexts.catalog._store.products import Held
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import new_id
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class AddImage(Command, frozen=True):
    """`alt` says what is to be seen, for those who do not see it."""

    product_id: UUID
    picture: Kept
    alt: str = ""


@handler(action="catalog.add_image")
async def add_image(command: AddImage, tx: Tx) -> ImageView:
    """The picture, after the others; refuses with NoSuchProduct, TooManyImages, InvalidImage.

    A picture that the product shows already stays as it is.
    """
    check_alt(command.alt)
    held, shown = await gallery(tx, command.product_id, None)
    picture = command.picture
    if known := next((one for one in shown if one.hash == picture.hash), None):
        return image_view(known)
    if len(shown) >= MAX_IMAGES:
        raise TooManyImages(limit=MAX_IMAGES)
    image = Image(
        id=new_id(),
        hash=picture.hash,
        alt=command.alt,
        position=len(shown),
        width=picture.width,
        height=picture.height,
    )
    await images.add(tx, command.product_id, image)
    told(tx, held, [*shown, image])
    tx.audit("catalog.add_image", held.product.sku, image=image.hash, image_id=str(image.id))
    return image_view(image)


def check_alt(alt: str) -> None:
    """Refuse (InvalidImage) what is no line of text."""
    if alt and (errors := list(text("/alt", alt, MAX_ALT))):
        raise InvalidImage("The text is not one line.", errors=errors)


async def gallery(tx: Tx, product_id: UUID, expected: int | None) -> tuple[Held, list[Image]]:
    """The product, held, and its pictures in order; refuses with NoSuchProduct, Outdated."""
    held = await products.hold(tx, product_id)
    if not held:
        raise NoSuchProduct(product_id=str(product_id))
    expect(expected, held[0].product.version)
    return held[0], await images.of_product(tx, product_id)


def told(tx: Tx, held: Held, shown: list[Image]) -> None:
    """A new version of the product, which shows these; told to those who show the first one."""
    changed = products.next_version(held.product)
    products.write(tx, changed)
    tx.tell(changed.updated(small(shown[0].hash, shown[0].width) if shown else None))
