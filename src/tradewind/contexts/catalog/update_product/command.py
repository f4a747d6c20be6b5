"""Say something else of a product, or move it through its life."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.catalog._domain.description import breaches, check
from tradewind.contexts.catalog._domain.product import NoSuchProduct, Product, Status, Value
from tradewind.contexts.catalog._domain.views import ProductView
from tradewind.contexts.catalog._store import products
from tradewind.contexts.catalog._store.products import Held
from tradewind.contexts.catalog.create_product.command import shelved
from tradewind.contexts.catalog.get_product.query import look
from tradewind.contracts.messages import Command
from tradewind.contracts.pricing import PricingPeer
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class UpdateProduct(Command, frozen=True):
    """What is None stays. `attributes` are replaced as a whole. `expected` is the version that this is for."""

    product_id: UUID
    expected: int | None = None
    name: str | None = None
    category: str | None = None
    description: str | None = None
    brand: str | None = None
    attributes: Mapping[str, Value] | None = None
    status: Status | None = None


@handler(action="catalog.update_product")
async def update_product(command: UpdateProduct, tx: Tx) -> ProductView:
    """The product as it is then; refuses with NoSuchProduct, Outdated, InvalidProduct, IllegalMove.

    What changes nothing is no change: no new version, nothing told. A status goes for a parent's variants too.
    """
    said = _said(command)
    check(list(breaches(**said)))
    held = await products.hold(tx, command.product_id, variants=command.status is not None)
    if not held:
        raise NoSuchProduct(product_id=str(command.product_id))
    first, *variants = held
    expect(command.expected, first.product.version)
    changed = replace(first.product, **said)
    if command.category is not None and command.category != first.product.category:
        changed = await shelved(changed, tx)
    moved = changed if command.status is None else changed.moved_to(command.status)
    await settle(tx, [(first, moved), *_followers(variants, first.product, moved)])
    if moved != first.product:
        facts = sorted(said) + (["status"] if moved.status is not first.product.status else [])
        tx.audit("catalog.update_product", moved.sku, product_id=str(moved.id), said=facts, status=moved.status.value)
        await tx.flush()
    return await look(tx, moved.id)


def _said(command: UpdateProduct) -> dict[str, Any]:
    fields = ("name", "category", "description", "brand", "attributes")
    return {name: value for name in fields if (value := getattr(command, name)) is not None}


def _followers(variants: list[Held], was: Product, now: Product) -> list[tuple[Held, Product]]:
    """Variants that stood where their parent stood go where it goes."""
    if now.status is was.status:
        return []
    return [(one, one.product.moved_to(now.status)) for one in variants if one.product.status is was.status]


async def settle(tx: Tx, changes: list[tuple[Held, Product]]) -> None:
    """Write held products as they are now, tell it, and let pricing know what is sold; what is the same is let be."""
    offered, withheld = list[UUID](), list[UUID]()
    for held, wanted in changes:
        if wanted == held.product:
            continue
        now = replace(wanted, version=held.product.version + 1)
        products.write(tx, now)
        gone = now.status is Status.ARCHIVED
        tx.tell(now.deleted() if gone else now.updated(held.image))
        if now.is_sold != held.product.is_sold:
            (offered if now.is_sold else withheld).append(now.id)
    pricing = tx.peer(PricingPeer)
    if offered:
        await pricing.offer(tx, offered)
    if withheld:
        await pricing.withhold(tx, withheld)
