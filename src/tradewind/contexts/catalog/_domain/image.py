"""A picture of a product: its limits, its renditions and where they are found. Pure."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import Conflict, Invalid, NotFound

MAX_IMAGE_BYTES: Final = 10 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
MAX_IMAGES: Final = 20
"""Pictures of one product."""
MAX_ALT: Final = 250
WIDTHS: Final = (160, 480, 960, 1600)
"""Renditions, in pixels; a picture is never made larger than it came."""
SMALL: Final = 160
"""What lists and search show."""
FORMATS: Final = {"webp": "image/webp", "jpg": "image/jpeg"}
"""File suffix to media type, the better one first."""
READS: Final = ("image/jpeg", "image/png", "image/webp")


class InvalidImage(Invalid):
    """The picture cannot be read, or is too large."""


class NoSuchImage(NotFound):
    """There is no such picture."""


class TooManyImages(Conflict):
    """The product has as many pictures as it may have."""


class Image(Struct, frozen=True, kw_only=True):
    """One picture of one product; `hash` is that of the file as it came."""

    id: UUID
    hash: str
    alt: str
    position: int
    width: int
    height: int

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of its renditions."""
        return widths(self.width)


def widths(width: int) -> tuple[int, ...]:
    """The widths of the renditions of a picture that came so wide."""
    return (*(one for one in WIDTHS if one < width), width) if width < WIDTHS[-1] else WIDTHS


def address(digest: str, width: int, suffix: str) -> str:
    """Where a rendition is found."""
    return f"/media/{digest}/{width}.{suffix}"


def small(digest: str, width: int) -> str:
    """Where the picture for lists is found: of a picture that came so wide."""
    return address(digest, widths(width)[0], "jpg")
