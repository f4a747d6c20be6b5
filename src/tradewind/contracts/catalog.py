"""What the catalog tells: products and categories."""

from typing import ClassVar, Protocol
from uuid import UUID

from tradewind.contracts.messages import Event


class ProductCreated(Event, frozen=True):
    """A product can be found; its stock begins at nothing."""

    TYPE = "ecommerce.product.product.created.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str
    name: str
    category: str


class ProductUpdated(Event, frozen=True):
    """A product's description changed."""

    TYPE = "ecommerce.product.product.updated.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str
    name: str
    category: str


class ProductDeleted(Event, frozen=True):
    """A product is no longer sold."""

    TYPE = "ecommerce.product.product.deleted.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str


class CategoryCreated(Event, frozen=True):
    """A category can hold products."""

    TYPE = "ecommerce.product.category.created.v1"
    KEY: ClassVar[str] = "category_id"
    category_id: UUID
    name: str


class CatalogPeer(Protocol):
    """What other contexts may ask the catalog within their own transaction."""

    async def identify(self, tx: object, sku: str) -> UUID | None:
        """The product that carries `sku`; None where there is none."""
        ...
