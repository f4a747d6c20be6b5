"""Give a product another variant: a SKU of its own, with a price and a stock of its own."""

from collections.abc import Mapping
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.catalog._domain.description import MAX_VARIANTS, described
from tradewind.contexts.catalog._domain.product import (
    FirstPrice,
    InvalidProduct,
    NoSuchProduct,
    Product,
    Status,
    Value,
)
from tradewind.contexts.catalog._domain.views import ProductView, view
from tradewind.contexts.catalog._store import products
from tradewind.contexts.catalog.create_product.command import put
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class NoVariants(Conflict):
    """The product has no options to choose from, so it is its own only variant."""


class SuchVariantExists(Conflict):
    """The product has a variant with these options. `sku` names it."""


class TooManyVariants(Conflict):
    """The product has as many variants as it may have."""


class AddVariant(Command, frozen=True):
    """`options` chooses a value for each of the parent's option names. Without a price of its own it costs the same."""

    parent_id: UUID
    sku: str
    options: Mapping[str, str]
    price: FirstPrice | None = None
    attributes: Mapping[str, Value] = {}
    status: Status = Status.ACTIVE


@handler(action="catalog.add_variant")
async def add_variant(command: AddVariant, tx: Tx) -> ProductView:
    """The variant, described as its parent is.

    Refuses with NoSuchProduct, NoVariants, InvalidProduct, SkuTaken, SuchVariantExists, TooManyVariants.
    """
    held = await products.hold(tx, command.parent_id, variants=True)
    if not held:
        raise NoSuchProduct(product_id=str(command.parent_id))
    parent, siblings = held[0].product, [one.product for one in held[1:]]
    _check(command, parent, siblings)
    price = command.price or FirstPrice(parent.price.amount, parent.price.currency)
    variant = described(
        command.sku,
        parent.name,
        parent.category,
        price,
        status=command.status if parent.status is Status.ACTIVE else Status.DRAFT,
        kind=parent.kind,
        description=parent.description,
        brand=parent.brand,
        attributes={**parent.attributes, **command.attributes},
        options=command.options,
    )
    variant = replace(variant, parent_id=parent.id, category_id=parent.category_id, category_path=parent.category_path)
    await put(variant, tx)
    tx.audit("catalog.add_variant", variant.sku, product_id=str(variant.id), parent=parent.sku)
    return view(variant)


def _check(command: AddVariant, parent: Product, siblings: list[Product]) -> None:
    if not parent.option_names:
        raise NoVariants(sku=parent.sku)
    if set(command.options) != set(parent.option_names):
        detail = f"Expected a value for each of {', '.join(parent.option_names)}, and for nothing else."
        raise InvalidProduct(errors=[{"pointer": "/options", "detail": detail}])
    if len(siblings) >= MAX_VARIANTS:
        raise TooManyVariants(limit=MAX_VARIANTS)
    for one in siblings:
        if one.options == command.options:
            raise SuchVariantExists(sku=one.sku)
