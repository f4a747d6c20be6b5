"""A product, its life and its price's first amount: pure. The rules of its description are in description.py."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contracts.catalog import ProductCreated, ProductDeleted, ProductUpdated
from tradewind.kernel.errors import Conflict, Invalid, NotFound
from tradewind.kernel.lifecycle import IllegalMove, Lifecycle
from tradewind.kernel.money import Money

Value = str | bool | float
"""What an attribute says."""
MAX_SKU: Final = 64
SKU_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
SKU: Final = re.compile(SKU_PATTERN.strip("^$"))


class InvalidProduct(Invalid):
    """The description of the product breaks a rule. `errors` names each."""


class SkuTaken(Conflict):
    """Another product carries this SKU."""


class NoSuchProduct(NotFound):
    """There is no such product."""


class Kind(StrEnum):
    """Whether something is sent to the buyer. Stock of DIGITAL goods counts licences."""

    PHYSICAL = "PHYSICAL"
    DIGITAL = "DIGITAL"


class Status(StrEnum):
    """Who sees it: staff alone; everybody, who may buy it; staff alone, as something of the past."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"


class Publish:
    """Show it and sell it."""


class Withdraw:
    """Take it off the shelf to work on it."""


class Archive:
    """Sell it no more. Its SKU stays its own; orders that are placed go on."""


class Restore:
    """Bring it back, to be looked over first."""


LIFECYCLE: Final = Lifecycle(
    (Status.DRAFT, Publish, Status.ACTIVE),
    (Status.ACTIVE, Withdraw, Status.DRAFT),
    (Status.DRAFT, Archive, Status.ARCHIVED),
    (Status.ACTIVE, Archive, Status.ARCHIVED),
    (Status.ARCHIVED, Restore, Status.DRAFT),
)


class Product(Struct, frozen=True, kw_only=True):
    """Something that can be bought, or the parent of its variants, which is not. `price` is what pricing told last."""

    id: UUID
    sku: str
    name: str
    category: str
    price: Money
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
    version: int = 1
    created_at: datetime | None = None

    @property
    def is_sold(self) -> bool:
        """Whether somebody may order it."""
        return self.status is Status.ACTIVE and not self.option_names

    def moved_to(self, status: Status) -> "Product":
        """The product in another state, or itself where it is there; refuses (IllegalMove) where no arrow leads."""
        if status is self.status:
            return self
        for source, _, target in LIFECYCLE.arrows:
            if (source, target) == (self.status, status):
                return replace(self, status=status)
        raise IllegalMove(f"{self.sku} is {self.status}; that does not become {status}.", state=self.status.value)

    def created(self) -> ProductCreated:
        """What is told of a new product."""
        return ProductCreated(**_told(self, None))

    def updated(self, image: str | None) -> ProductUpdated:
        """What is told of a product that is described otherwise. `image`: the address of its small picture."""
        return ProductUpdated(**_told(self, image))

    def deleted(self) -> ProductDeleted:
        """What is told of a product that is sold no more."""
        return ProductDeleted(product_id=self.id, sku=self.sku)


def _told(product: Product, image: str | None) -> dict[str, Any]:
    return {
        "product_id": product.id,
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
        "status": product.status.value,
        "kind": product.kind.value,
        "description": product.description,
        "brand": product.brand,
        "attributes": product.attributes,
        "category_id": product.category_id,
        "category_path": product.category_path,
        "parent_id": product.parent_id,
        "option_names": product.option_names,
        "options": product.options,
        "image": image,
        "version": product.version,
        "created_at": product.created_at,
    }


class FirstPrice(Struct, frozen=True):
    """What a product costs at first, as somebody wrote it."""

    amount: Decimal
    currency: str
