"""Take in some hundred products of a feed: one transaction, a dozen statements, however many there are."""

from msgspec import Struct

from tradewind.contexts.catalog._domain.category import MAX_CATEGORIES
from tradewind.contexts.catalog._store import categories, feeds
from tradewind.contexts.catalog.import_products.planning import Batch, Failure, FeedProduct, plan
from tradewind.contracts.inventory import Delivery, InventoryPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.pricing import NewPrice, PricingPeer
from tradewind.kernel.errors import Invalid
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

MAX_PRODUCTS = 500
"""Products in one command."""


class ImportProducts(Command, frozen=True):
    """`source` names the feed. `prices`: whether its prices are set where a product has one already."""

    source: str
    products: tuple[FeedProduct, ...]
    prices: bool = True
    dry_run: bool = False


class Imported(Struct, frozen=True, kw_only=True):
    """How many are new, how many are described or priced otherwise, how many are as they were; and what was refused."""

    created: int
    updated: int
    unchanged: int
    failed: tuple[Failure, ...] = ()


@handler(action="catalog.import_products")
async def import_products(command: ImportProducts, tx: Tx) -> Imported:
    """What a line breaks is named and left out; the others are taken in. The same feed again changes nothing.

    A feed decides name, category, description, brand, attributes and, with `prices`, the price. Status, variants and
    pictures are the shop's. Stock is booked once, with a new product.
    """
    if not 1 <= len(command.products) <= MAX_PRODUCTS:
        raise Invalid(f"A command takes 1 to {MAX_PRODUCTS} products.")
    tree = await categories.tree(tx, MAX_CATEGORIES)
    shelf = await feeds.hold(tx, sorted({one.sku for one in command.products}))
    batch = plan(command.products, shelf, {one.path: one for one in tree})
    if batch.categories and not command.dry_run:
        tree = list((await categories.hold_tree(tx, MAX_CATEGORIES)).values())
        batch = plan(command.products, shelf, {one.path: one for one in tree})
    created = {product.id for product, _ in batch.created}
    changed = {product.id for _, product in batch.updated}
    priced = await (_would_price if command.dry_run else _write)(command, batch, tx)
    updated = len(changed | (priced - created))
    return Imported(
        created=len(created),
        updated=updated,
        unchanged=len(batch.wanted) - len(created) - updated,
        failed=batch.failed,
    )


async def _write(command: ImportProducts, batch: Batch, tx: Tx) -> frozenset[object]:
    """Write it all and tell it; the products whose price changed."""
    if batch.categories:
        await categories.add(tx, batch.categories)
        tx.tell(*(one.created() for one in batch.categories))
    new = [product for product, _ in batch.created]
    if new:
        await feeds.add(tx, new)
        tx.tell(*(product.created() for product in new))
    if batch.updated:
        await feeds.write(tx, [product for _, product in batch.updated])
        tx.tell(*(product.updated(held.image) for held, product in batch.updated))
    priced = await _price(command, batch, tx)
    await _stock(command, batch, tx)
    if new or batch.updated or priced:
        skus = [product.sku for product in batch.wanted]
        counts = {"created": len(new), "updated": len(batch.updated), "priced": len(priced)}
        tx.audit("catalog.import_products", command.source, first=skus[0], last=skus[-1], counts=counts)
    return priced


async def _price(command: ImportProducts, batch: Batch, tx: Tx) -> frozenset[object]:
    wanted = batch.wanted if command.prices else [product for product, _ in batch.created]
    prices = [NewPrice(one.id, one.sku, one.price) for one in wanted]
    if not prices:
        return frozenset()
    pricing = tx.peer(PricingPeer)
    return frozenset(await pricing.set_prices(tx, prices, reason=f"feed {command.source}"))


async def _stock(command: ImportProducts, batch: Batch, tx: Tx) -> None:
    deliveries = [
        Delivery(product.sku, product.id, pieces, f"feed:{command.source}:{product.sku}")
        for product, pieces in batch.created
        if pieces
    ]
    if deliveries:
        inventory = tx.peer(InventoryPeer)
        await inventory.receive(tx, deliveries, reason=f"feed {command.source}")


async def _would_price(command: ImportProducts, batch: Batch, tx: Tx) -> frozenset[object]:
    """The products whose price would change; nothing is written."""
    if not command.prices:
        return frozenset()
    pricing = tx.peer(PricingPeer)
    known = await pricing.prices(tx, [], [product.id for product in batch.wanted])
    return frozenset(one.id for one in batch.wanted if one.id in known and known[one.id].price != one.price)
