"""What the catalog answers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.catalog._domain.category import Category
from tradewind.contexts.catalog._domain.image import FORMATS, Image, address
from tradewind.contexts.catalog._domain.product import Kind, Product, Status, Value
from tradewind.kernel.money import Money

PAGE: Final = 50
MAX_PAGE: Final = 200
"""Products on one page: unless told, and at most."""


class PriceView(Struct, frozen=True, kw_only=True, rename="camel"):
    """An exact decimal amount of a currency."""

    amount: Decimal
    currency: str


class RatingView(Struct, frozen=True, kw_only=True, rename="camel"):
    """What its buyers think: 1 to 5 stars on average; 0 of none."""

    average: Decimal = Decimal(0)
    count: int = 0


class SourceView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One rendition of a picture."""

    url: str
    width: int
    type: str


class ImageView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A picture and its renditions, for `srcset`. `url` is a middle-sized JPEG, which everybody can show."""

    id: UUID
    url: str
    alt: str
    width: int
    height: int
    sources: tuple[SourceView, ...]


class OnSale(Struct, frozen=True):
    """A flash sale that runs, and what one piece costs in it."""

    sale_id: UUID
    price: Money
    sold_out: bool = False


class ProductView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A product as buyers see it.

    `price` is the one that counts: a flash sale's while it runs and pieces are left, and `regularPrice` the usual one.
    Of a parent of variants, `available` is what all of them have; it is not sold itself (`optionNames` is not empty).
    `available` and `rating` follow the events of inventory and reviews: a moment late, and nothing an order relies on.
    """

    id: UUID
    sku: str
    name: str
    category: str
    price: PriceView
    regular_price: PriceView | None = None
    flash_sale_id: UUID | None = None
    status: Status = Status.ACTIVE
    kind: Kind = Kind.PHYSICAL
    description: str = ""
    brand: str = ""
    attributes: Mapping[str, Value] = {}
    category_id: UUID | None = None
    category_path: tuple[str, ...] = ()
    parent_id: UUID | None = None
    option_names: tuple[str, ...] = ()
    options: Mapping[str, str] = {}
    available: int = 0
    rating: RatingView = RatingView()
    images: tuple[ImageView, ...] = ()
    variants: tuple["VariantView", ...] = ()
    version: int = 1


class VariantView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One variant, as it is chosen on its parent's page."""

    id: UUID
    sku: str
    options: Mapping[str, str]
    price: PriceView
    available: int
    status: Status


class ProductPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some products in the order of their making. `next` is the cursor of the following page, if there is one."""

    items: tuple[ProductView, ...]
    next: UUID | None


class CategoryView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A category. `path` names it in addresses: the slugs from the root down, joined by slashes."""

    id: UUID
    name: str
    slug: str
    path: str
    parent_id: UUID | None
    position: int
    version: int


class Shown(Struct, frozen=True):
    """A product with what others told of it."""

    product: Product
    available: int = 0
    rating: RatingView = RatingView()
    images: tuple[Image, ...] = ()
    sale: OnSale | None = None

    @property
    def is_cheaper(self) -> bool:
        """Whether pieces of a flash sale are to be had."""
        return self.sale is not None and not self.sale.sold_out


def view(product: Product) -> ProductView:
    """A product of which nobody has told anything yet."""
    return view_of(Shown(product))


def view_of(shown: Shown, variants: tuple[VariantView, ...] = ()) -> ProductView:
    """The product as buyers see it."""
    product = shown.product
    return ProductView(
        id=product.id,
        sku=product.sku,
        name=product.name,
        category=product.category,
        price=_price(shown),
        regular_price=_amount(product.price) if shown.is_cheaper else None,
        flash_sale_id=shown.sale.sale_id if shown.sale else None,
        status=product.status,
        kind=product.kind,
        description=product.description,
        brand=product.brand,
        attributes=product.attributes,
        category_id=product.category_id,
        category_path=product.category_path,
        parent_id=product.parent_id,
        option_names=product.option_names,
        options=product.options,
        available=shown.available,
        rating=shown.rating,
        images=tuple(map(image_view, shown.images)),
        variants=variants,
        version=product.version,
    )


def variant_view(shown: Shown) -> VariantView:
    """The variant as its parent shows it."""
    one = shown.product
    return VariantView(
        id=one.id, sku=one.sku, options=one.options, price=_price(shown), available=shown.available, status=one.status
    )


def image_view(image: Image) -> ImageView:
    """The picture with the addresses of its renditions."""
    sources: list[Any] = [
        SourceView(url=address(image.hash, width, suffix), width=width, type=media_type)
        for suffix, media_type in FORMATS.items()
        for width in image.widths
    ]
    middle = image.widths[len(image.widths) // 2]
    return ImageView(
        id=image.id,
        url=address(image.hash, middle, "jpg"),
        alt=image.alt,
        width=image.width,
        height=image.height,
        sources=tuple(sources),
    )


def category_view(category: Category) -> CategoryView:
    """The category as it is listed."""
    return CategoryView(
        id=category.id,
        name=category.name,
        slug=category.slug,
        path="/".join(category.path),
        parent_id=category.parent_id,
        position=category.position,
        version=category.version,
    )


def _price(shown: Shown) -> PriceView:
    return _amount(shown.sale.price if shown.sale and shown.is_cheaper else shown.product.price)


def _amount(price: Money) -> PriceView:
    return PriceView(amount=price.amount, currency=price.currency)
