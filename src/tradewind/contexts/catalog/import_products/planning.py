"""What a feed's lines mean for the shop as it stands: pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.catalog._domain.category import MAX_CATEGORIES, MAX_DEPTH, Category, slug_of
from tradewind.contexts.catalog._domain.description import MAX_CATEGORY, described, text
from tradewind.contexts.catalog._domain.product import FirstPrice, InvalidProduct, Kind, Product, Value
from tradewind.contexts.catalog._store.products import Held
from tradewind.kernel.ids import new_id

MAX_STOCK: Final = 1_000_000
"""Pieces that a feed may bring of one product."""


class FeedProduct(Struct, frozen=True, kw_only=True):
    """What a feed says of one product. `category`: names from the root down. `stock` comes with a new product only."""

    sku: str
    name: str
    category: tuple[str, ...]
    price: FirstPrice
    stock: int = 0
    kind: Kind = Kind.PHYSICAL
    description: str = ""
    brand: str = ""
    attributes: Mapping[str, Value] = {}


class Failure(Struct, frozen=True, kw_only=True):
    """Why one of them is not taken: the how-manieth it is, and the rules that it breaks."""

    index: int
    error: str


class Batch(Struct, frozen=True, kw_only=True):
    """What is to be written. `wanted` is everything that was understood, as the shop shall have it."""

    categories: tuple[Category, ...]
    created: tuple[tuple[Product, int], ...]
    updated: tuple[tuple[Held, Product], ...]
    wanted: tuple[Product, ...]
    failed: tuple[Failure, ...]


def plan(feed: Sequence[FeedProduct], shelf: Mapping[str, Held], tree: Mapping[tuple[str, ...], Category]) -> Batch:
    """Decide for each line. `shelf`: the products of these SKUs; `tree`: the categories by path."""
    grown = _Tree(tree)
    created, updated, wanted, failed = [], [], [], []
    seen = set[str]()
    for index, line in enumerate(feed):
        try:
            product = _understood(line, seen)
        except InvalidProduct as refusal:
            failed.append(Failure(index=index, error=_reasons(refusal)))
            continue
        category = grown.at(line.category)
        product = replace(product, category=category.name, category_id=category.id, category_path=category.path)
        held = shelf.get(line.sku)
        if held is None:
            created.append((product, line.stock))
            wanted.append(product)
            continue
        changed = _as_the_feed_says(held.product, product)
        wanted.append(replace(changed, price=product.price))
        if changed != held.product:
            updated.append((held, replace(changed, version=held.product.version + 1)))
    return Batch(
        categories=tuple(grown.new), created=tuple(created), updated=tuple(updated), wanted=tuple(wanted),
        failed=tuple(failed),
    )  # fmt: skip


def _understood(line: FeedProduct, seen: set[str]) -> Product:
    errors = [error for level in line.category for error in text("/category", level, MAX_CATEGORY)]
    if not 1 <= len(line.category) <= MAX_DEPTH:
        errors.append({"pointer": "/category", "detail": f"Expected 1 to {MAX_DEPTH} names from the root down."})
    if not 0 <= line.stock <= MAX_STOCK:
        errors.append({"pointer": "/stock", "detail": f"Expected a whole number up to {MAX_STOCK}."})
    if line.sku in seen:
        errors.append({"pointer": "/sku", "detail": "An earlier line has this SKU."})
    try:
        product = described(
            line.sku,
            line.name,
            line.category[-1] if line.category else "-",
            line.price,
            kind=line.kind,
            description=line.description,
            brand=line.brand,
            attributes=line.attributes,
        )
    except InvalidProduct as refusal:
        raise InvalidProduct(errors=[*errors, *refusal.facts["errors"]]) from None
    if errors:
        raise InvalidProduct(errors=errors)
    seen.add(line.sku)
    return product


def _as_the_feed_says(held: Product, product: Product) -> Product:
    """The shop's product with what a feed decides; its id, its state, its variants and its options are the shop's."""
    return replace(
        held,
        name=product.name,
        category=product.category,
        category_id=product.category_id,
        category_path=product.category_path,
        description=product.description,
        brand=product.brand,
        attributes=product.attributes,
    )


def _reasons(refusal: InvalidProduct) -> str:
    errors: Iterable[Mapping[str, str]] = refusal.facts["errors"]
    return "; ".join(f"{error['pointer'].removeprefix('/')}: {error['detail']}" for error in errors)


class _Tree:
    """The tree as it is, and what grows on it."""

    def __init__(self, tree: Mapping[tuple[str, ...], Category]) -> None:
        self._known = dict(tree)
        self.new: list[Category] = []

    def at(self, names: Sequence[str]) -> Category:
        """The category with these names from the root down; grown where it is missing."""
        path: tuple[str, ...] = ()
        above: Category | None = None
        for name in names:
            path = (*path, slug_of(name))
            found = self._known.get(path)
            if found is None:
                found = Category(
                    id=new_id(), name=name, slug=path[-1], path=path, parent_id=above.id if above else None
                )
                if len(self._known) >= MAX_CATEGORIES and above is not None:
                    return above
                self._known[path] = found
                self.new.append(found)
            above = found
        assert above is not None, "a line names one category at least"
        return above
