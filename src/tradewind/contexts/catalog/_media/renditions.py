"""Makes a picture's renditions: every width, every format, nothing that the camera noted. Slow; run it in a thread."""

import struct
from io import BytesIO
from typing import Any, Final

from msgspec import Struct
from PIL import Image, ImageOps, UnidentifiedImageError

from tradewind.contexts.catalog._domain.image import MAX_IMAGE_BYTES, MAX_PIXELS, WIDTHS, InvalidImage, widths

Image.MAX_IMAGE_PIXELS = None
"""Pillow would warn on standard error and go on; what is too large is refused below, by its head."""
QUALITY: Final = 80
_READS: Final = ("JPEG", "PNG", "WEBP")
_UNREADABLE: Final = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    EOFError,
)
"""What Pillow raises at files that are broken, or made to break it."""


class Renditions(Struct, frozen=True, kw_only=True):
    """A picture, upright, `width` x `height`, and its files by name."""

    width: int
    height: int
    files: dict[str, bytes]


def render(content: bytes) -> Renditions:
    """Read a picture and make its renditions; refuses (InvalidImage) what is none, is broken or is too large.

    Its size is known from its head, so a bomb is refused before it is unpacked. The first frame stands for a film.
    """
    if len(content) > MAX_IMAGE_BYTES:
        raise InvalidImage(f"A picture has at most {MAX_IMAGE_BYTES} bytes.")
    try:
        return _rendered(content)
    except _UNREADABLE:
        raise InvalidImage("The picture cannot be read; it must be a whole JPEG, PNG or WebP.") from None


def _rendered(content: bytes) -> Renditions:
    with Image.open(BytesIO(content), formats=_READS) as came:
        if came.width * came.height > MAX_PIXELS:
            raise InvalidImage(f"A picture has at most {MAX_PIXELS} pixels.", width=came.width, height=came.height)
        width, height = came.size
        if came.getexif().get(0x0112, 1) in (5, 6, 7, 8):
            width, height = height, width
        came.draft("RGB", (2 * WIDTHS[-1], 2 * WIDTHS[-1]))
        upright = ImageOps.exif_transpose(came)
        plain = upright.convert("RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB")
    files = dict[str, bytes]()
    for wide in widths(width):
        sized = plain.resize((wide, max(1, round(wide * height / width))), Image.Resampling.LANCZOS)
        files[f"{wide}.webp"] = _saved(sized, "WEBP", quality=QUALITY, method=4)
        files[f"{wide}.jpg"] = _saved(_on_white(sized), "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return Renditions(width=width, height=height, files=files)


def _on_white(picture: Any) -> Any:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _saved(picture: Any, format_: str, **how: Any) -> bytes:
    """The file: of a fresh picture, so that no metadata goes along."""
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    out = BytesIO()
    bare.save(out, format_, **how)
    return out.getvalue()
