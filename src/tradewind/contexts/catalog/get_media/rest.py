"""GET /media/{digest}/{name}."""

from typing import Annotated, Final

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, Reply, get
from tradewind.contexts.catalog._domain.image import NoSuchImage
from tradewind.contexts.catalog.get_media.query import GetMedia, MediaFile

FOR_EVER: Final = "public, max-age=31536000, immutable"
"""Another picture has another address."""


@get("/media/{digest}/{name}", public=True, raises=(NoSuchImage,), content_type="image/*")
async def get_media(
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")],
    name: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,4}\.(webp|jpg)$")],
    call: Call,
    dispatch: Dispatch,
) -> Reply:
    """Get one rendition of a picture. What is at an address never changes, so it may be kept for ever."""
    file: MediaFile = await dispatch(GetMedia(digest=digest, name=name), call)
    headers = {
        "Content-Type": file.media_type,
        "Cache-Control": FOR_EVER,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Reply(content=file.content, headers=headers)
