"""What the catalog tells: products and categories."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from tradewind.contracts.messages import Event


class _Described(Event, frozen=True):
    """A product as its shelf shows it, whole: who hears the newest event of a product needs none of those before.

    `category` is the name of its category, `category_path` the slugs from the root down to it. `status` is DRAFT,
    ACTIVE or ARCHIVED; only an ACTIVE product is shown and sold. `kind` is PHYSICAL or DIGITAL. A parent has
    `option_names` and is not sold itself; its variants name it as `parent_id` and say their `options`. `image` is the
    address of a small picture. `version` rises with each event of a product.
    """

    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str
    name: str
    category: str
    status: str = "ACTIVE"
    kind: str = "PHYSICAL"
    description: str = ""
    brand: str = ""
    attributes: Mapping[str, str | bool | float] = {}
    category_id: UUID | None = None
    category_path: tuple[str, ...] = ()
    parent_id: UUID | None = None
    option_names: tuple[str, ...] = ()
    options: Mapping[str, str] = {}
    image: str | None = None
    version: int = 1
    created_at: datetime | None = None


class ProductCreated(_Described, frozen=True):
    """A product is known; its stock begins at nothing. It can be found where it is ACTIVE."""

    TYPE = "ecommerce.product.product.created.v1"


class ProductUpdated(_Described, frozen=True):
    """A product is described otherwise, or is sold again, or for now is not."""

    TYPE = "ecommerce.product.product.updated.v1"


class ProductDeleted(Event, frozen=True):
    """A product is no longer sold; its SKU stays its own. A later ProductUpdated brings it back."""

    TYPE = "ecommerce.product.product.deleted.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str


class _Category(Event, frozen=True):
    """A category and its place in the tree: `path` holds the slugs from the root down to its own."""

    KEY: ClassVar[str] = "category_id"
    category_id: UUID
    name: str
    slug: str = ""
    parent_id: UUID | None = None
    path: tuple[str, ...] = ()
    position: int = 0


class CategoryCreated(_Category, frozen=True):
    """A category can hold products."""

    TYPE = "ecommerce.product.category.created.v1"


class CategoryUpdated(_Category, frozen=True):
    """A category, or one above it, has another name or place. Its products are told of no further than this."""

    TYPE = "ecommerce.product.category.updated.v1"


class CatalogPeer(Protocol):
    """What other contexts may ask the catalog within their own transaction."""

    async def identify(self, tx: object, sku: str) -> UUID | None:
        """The product that carries `sku`; None where there is none."""
        ...

    async def available(self, tx: object, skus: Sequence[str]) -> Mapping[str, int]:
        """How many of each SKU can still be promised, as far as inventory was heard; unknown ones are missing."""
        ...

    async def named(self, tx: object, words: Sequence[str], many: int) -> Sequence[str]:
        """At most `many` SKUs whose products' names have a word that begins like each of these, sold or no more.

        A word is letters and digits alone.
        """
        ...
