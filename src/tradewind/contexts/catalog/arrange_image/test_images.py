"""Pictures: what is refused before it is unpacked, what is made of the others, and who shows them how long."""

import asyncio
import struct
import zlib
from io import BytesIO
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from PIL import Image
from prometheus_client import CollectorRegistry

from tests.shops import an_actor
from tradewind.api.rest import create_app
from tradewind.contexts.catalog._domain.image import (
    MAX_IMAGE_BYTES,
    MAX_IMAGES,
    InvalidImage,
    NoSuchImage,
    TooManyImages,
    widths,
)
from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog._domain.views import ImageView
from tradewind.contexts.catalog._media.folder import Kept
from tradewind.contexts.catalog.add_image.command import AddImage
from tradewind.contexts.catalog.add_image.prepare import PrepareImage
from tradewind.contexts.catalog.arrange_image.command import ArrangeImage
from tradewind.contexts.catalog.conftest import Shelf
from tradewind.contexts.catalog.get_media.query import GetMedia
from tradewind.contexts.catalog.get_product.query import GetProduct
from tradewind.contexts.catalog.remove_image.command import RemoveImage
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.versions import Outdated

ORIENTATION, MAKER, ARTIST = 0x0112, 0x010F, 0x013B


def picture(width: int = 700, height: int = 350, format_: str = "JPEG", colour: str = "red", **how: Any) -> bytes:
    """A file of one colour."""
    out = BytesIO()
    Image.new(how.pop("mode", "RGB"), (width, height), colour).save(out, format_, **how)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is so large, in a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


async def shown(shelf: Shelf, product_id: Any, content: bytes, alt: str = "") -> ImageView:
    """Both halves of POST …/images."""
    kept = await shelf.do(PrepareImage(product_id=product_id, content=content))
    view: ImageView = await shelf.do(AddImage(product_id=product_id, picture=kept, alt=alt))
    return view


@pytest.mark.parametrize(
    "content",
    [
        b"", b"no picture", picture()[:-200], picture(format_="GIF"), picture(format_="BMP"), bomb(6326, 6326),
        bomb(2**31 - 1, 2**31 - 1), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"x" * (MAX_IMAGE_BYTES + 1),
    ],
)  # fmt: skip
async def test_what_is_no_picture_or_too_large_is_refused_and_nothing_is_written(shelf: Shelf, content: bytes) -> None:
    lamp = await shelf.product()
    before = await shelf.written()
    with pytest.raises(InvalidImage):
        await shelf.do(PrepareImage(product_id=lamp.id, content=content))
    assert await shelf.written() == before


async def test_who_may_not_and_what_is_not_there_is_refused_before_any_work(shelf: Shelf) -> None:
    lamp = await shelf.product()
    with pytest.raises(Forbidden):
        await shelf.do(PrepareImage(product_id=lamp.id, content=b""), "customer")
    with pytest.raises(NoSuchProduct):
        await shelf.do(PrepareImage(product_id=new_id(), content=b""))
    image = await shown(shelf, lamp.id, picture())
    before = await shelf.written()
    with pytest.raises(Outdated):
        await shelf.do(RemoveImage(product_id=lamp.id, image_id=image.id, expected=1))
    for command in (
        RemoveImage(product_id=lamp.id, image_id=new_id()),
        ArrangeImage(product_id=lamp.id, image_id=new_id(), alt="x"),
    ):
        with pytest.raises(NoSuchImage):
            await shelf.do(command)
    with pytest.raises(InvalidImage):
        await shelf.do(ArrangeImage(product_id=lamp.id, image_id=image.id, alt="a\nb"))
    assert await shelf.written() == before


async def test_the_same_picture_at_once_is_one_picture(shelf: Shelf) -> None:
    lamp = await shelf.product()
    answers = await asyncio.gather(*(shown(shelf, lamp.id, picture()) for _ in range(4)))
    assert len({answer.id for answer in answers}) == 1
    assert (await shelf.do(GetProduct(product_id=lamp.id))).version == 2


async def test_a_product_has_a_limit_of_pictures_that_is_kept(shelf: Shelf) -> None:
    lamp = await shelf.product()
    for n in range(MAX_IMAGES):
        await shelf.do(AddImage(product_id=lamp.id, picture=Kept(hash=f"{n:064x}", width=9, height=9)))
    with pytest.raises(TooManyImages):
        await shelf.do(AddImage(product_id=lamp.id, picture=Kept(hash="f" * 64, width=9, height=9)))


@pytest.mark.parametrize(
    ("width", "expected"),
    [(1, (1,)), (160, (160,)), (700, (160, 480, 700)), (1600, (160, 480, 960, 1600)), (9000, (160, 480, 960, 1600))],
)
def test_a_picture_is_made_smaller_and_never_larger(width: int, expected: tuple[int, ...]) -> None:
    assert widths(width) == expected


async def test_a_picture_is_shown_upright_in_its_sizes_without_what_the_camera_noted(shelf: Shelf) -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER], exif[ARTIST] = 6, "Canary Cameras", "Jane Canary"
    lamp = await shelf.product()
    image = await shown(shelf, lamp.id, picture(700, 350, exif=exif.tobytes()), "A red lamp")
    assert (image.width, image.height, image.alt) == (350, 700, "A red lamp")
    assert [(one.width, one.type) for one in image.sources] == [
        (160, "image/webp"), (350, "image/webp"), (160, "image/jpeg"), (350, "image/jpeg"),
    ]  # fmt: skip
    for source in image.sources:
        _, _, digest, name = source.url.split("/")
        file = await shelf.do(GetMedia(digest=digest, name=name), "anonymous")
        with Image.open(BytesIO(file.content)) as read:
            assert (read.size, file.media_type) == ((source.width, 2 * source.width), source.type)
            assert not read.getexif()
        assert b"Canary" not in file.content
    assert (await shelf.told(lamp.id))[-1] == "product.updated"
    payload = await shelf.shop.db.pool.fetchval(
        "SELECT payload->>'image' FROM runtime.outbox WHERE key = $1 ORDER BY position DESC", str(lamp.id)
    )
    assert payload == image.sources[2].url


@pytest.mark.parametrize(("mode", "format_"), [("RGBA", "PNG"), ("P", "PNG"), ("L", "PNG"), ("CMYK", "JPEG"),
                                               ("1", "PNG"), ("I;16", "PNG"), ("RGBA", "WEBP")])  # fmt: skip
async def test_pictures_of_every_mode_are_understood(shelf: Shelf, mode: str, format_: str) -> None:
    lamp = await shelf.product()
    out = BytesIO()
    Image.new(mode, (200, 100)).save(out, format_)
    assert (await shown(shelf, lamp.id, out.getvalue())).width == 200


async def test_pictures_are_put_in_order_and_taken_off(shelf: Shelf) -> None:
    lamp, torch = await shelf.product(), await shelf.product("TORCH")
    red, green, blue = [await shown(shelf, lamp.id, picture(colour=c)) for c in ("red", "green", "blue")]
    await shown(shelf, torch.id, picture(colour="green"))
    await shelf.do(ArrangeImage(product_id=lamp.id, image_id=blue.id, position=0, alt="Blue"))
    seen = await shelf.do(GetProduct(product_id=lamp.id))
    assert [(one.id, one.alt) for one in seen.images] == [(blue.id, "Blue"), (red.id, ""), (green.id, "")]
    for gone in (red, green):
        await shelf.do(RemoveImage(product_id=lamp.id, image_id=gone.id))
    assert [one.id for one in (await shelf.do(GetProduct(product_id=lamp.id))).images] == [blue.id]
    digest_of_red, digest_of_green = (one.url.split("/")[2] for one in (red, green))
    with pytest.raises(NoSuchImage):
        await shelf.do(GetMedia(digest=digest_of_red, name="160.jpg"), "anonymous")
    for name in ("original", "original.jpg", "161.jpg", "160.png", "160.gif"):
        with pytest.raises(NoSuchImage):
            await shelf.do(GetMedia(digest=digest_of_green, name=name), "anonymous")
    assert (await shelf.do(GetMedia(digest=digest_of_green, name="160.jpg"), "anonymous")).content


@pytest_asyncio.fixture
async def http(shop: Any) -> Any:
    """The edge; a token is the name of a role."""
    routes = [route for one in shop.contexts for route in one.routes]
    app = create_app(
        routes, verify=lambda token: an_actor(token.decode()), dispatch=shop.dispatch, registry=CollectorRegistry()
    )
    headers = {"Authorization": "Bearer merchandiser"}
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test", headers=headers) as client:
        yield client


async def test_over_http_a_file_goes_in_and_its_renditions_may_be_kept_for_ever(
    shelf: Shelf, http: httpx2.AsyncClient
) -> None:
    lamp = await shelf.product()
    path = f"/api/v1/products/{lamp.id}/images"
    noise = picture(2000, 1500, "PNG") + b"\0" * (2 * 1024 * 1024)
    for content_type, content, status in [
        ("application/json", b"{}", 415), ("image/svg+xml", b"<svg/>", 415), ("image/png", b"junk", 422),
        ("image/png", b"x" * (MAX_IMAGE_BYTES + 1), 413),
    ]:  # fmt: skip
        refused = await http.post(path, content=content, headers={"Content-Type": content_type})
        assert refused.status_code == status, refused.text
    made = await http.post(path, params={"alt": "A lamp"}, content=noise, headers={"Content-Type": "image/png"})
    assert made.status_code == 201, made.text
    assert made.json()["alt"] == "A lamp"
    for source in made.json()["sources"]:
        got = await http.get(source["url"])
        assert (got.status_code, got.headers["content-type"]) == (200, source["type"])
        assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert got.headers["x-content-type-options"] == "nosniff"
    for wrong in ("/media/x/160.jpg", "/media/..%2f..%2fsecrets/160.jpg", f"/media/{'0' * 64}/160.jpg"):
        assert (await http.get(wrong)).status_code in (404, 422)
    page = await http.get(f"/api/v1/products/{lamp.id}")
    changed = await http.patch(
        f"/api/v1/products/{lamp.id}", json={"name": "Bright lamp"}, headers={"If-Match": page.headers["etag"]}
    )
    assert (changed.status_code, changed.json()["version"]) == (200, 3)
    assert (await http.delete(path + "/" + made.json()["id"])).status_code == 204
    assert (await http.get(made.json()["url"])).status_code == 404
