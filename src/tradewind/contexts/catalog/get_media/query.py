"""A rendition of a picture."""

from msgspec import Struct

from tradewind.contexts.catalog._domain.image import FORMATS, NoSuchImage
from tradewind.contexts.catalog._media.folder import MediaFolder
from tradewind.contexts.catalog._store import images
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetMedia(Command, frozen=True):
    """By the hash of the picture and the name of the rendition, as a product's view says them."""

    digest: str
    name: str


class MediaFile(Struct, frozen=True, kw_only=True):
    """A file of a picture."""

    content: bytes
    media_type: str


@query(action="catalog.get_media")
async def get_media(command: GetMedia, tx: Tx) -> MediaFile:
    """The file; refuses (NoSuchImage) what no product shows."""
    media_type = FORMATS.get(command.name.rpartition(".")[2])
    if media_type is None or not await images.is_shown(tx, command.digest):
        raise NoSuchImage
    content = await tx.peer(MediaFolder).read(command.digest, command.name)
    if content is None:
        raise NoSuchImage
    return MediaFile(content=content, media_type=media_type)
