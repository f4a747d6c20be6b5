"""Book many deliveries at once: for feeds. Six statements, however many there are."""

from collections.abc import Mapping, Sequence

from tradewind.contexts.inventory._domain.bundle import Bundles, NoStockOfItsOwn
from tradewind.contexts.inventory._domain.reservation import Movement
from tradewind.contexts.inventory._domain.stock import NoSuchStock, Stock, check
from tradewind.contexts.inventory._store import bundles, stock, warehouses
from tradewind.contexts.inventory._store.stock import Change
from tradewind.contexts.inventory.adjust_stock.command import adjusted
from tradewind.contracts.inventory import MAIN, Delivery
from tradewind.runtime.database import Tx


async def receive(tx: Tx, deliveries: Sequence[Delivery], *, reason: str) -> int:
    """Book what came, each SKU named once, and leave out what has a reference that is booked already; how many were.

    A bundle comes and goes as its parts. Refuses with InvalidAdjustment, BelowReserved, and where something comes into
    a warehouse, NoSuchWarehouse and WarehouseClosed; tells StockAdjusted.
    """
    for one in deliveries:
        check(one.sku, one.quantity, reason)
    for code in sorted({one.warehouse for one in deliveries if one.quantity > 0}):
        await warehouses.let_in(tx, code)
    await stock.open_all(tx, {one.sku: one.product_id for one in deliveries})
    made_of = await bundles.parts_of(tx, [one.sku for one in deliveries])
    held = await stock.hold_in(tx, _places(deliveries, made_of))
    known = await stock.known(tx, [name for one in deliveries for name in _references(one, made_of)])
    fresh = [one for one in deliveries if known.isdisjoint(_references(one, made_of))]
    if fresh:
        book(tx, held, _spread_all(held, [piece for one in fresh for piece in _pieces(one, made_of)]), reason)
    return len(fresh)


def _places(deliveries: Sequence[Delivery], made_of: Bundles) -> list[tuple[str, str]]:
    """The shelves that must be there: what comes needs one where it comes to, all else lies where it lies."""
    coming = [piece for one in deliveries if one.quantity > 0 for piece in _pieces(one, made_of)]
    skus = {one.sku for one in deliveries} | {part for parts in made_of.values() for part in parts}
    return [(piece.sku, piece.warehouse) for piece in coming] + [(sku, MAIN) for sku in skus]


def _references(one: Delivery, made_of: Bundles) -> list[str]:
    """The first reference that it is booked under."""
    return [piece.reference for piece in _pieces(one, made_of)[:1] if piece.reference is not None]


def _pieces(one: Delivery, made_of: Bundles) -> list[Change]:
    if one.sku not in made_of:
        return [Change(one.sku, one.warehouse, one.quantity, one.reference)]
    return [
        Change(part, one.warehouse, pieces * one.quantity, one.reference and f"{one.reference}/{part}", pieces)
        for part, pieces in made_of[one.sku].items()
    ]


async def hold_plain(tx: Tx, places: Sequence[tuple[str, str]]) -> dict[str, Stock]:
    """The stock of these SKUs, held, each with a place there; refuses NoSuchStock, and NoStockOfItsOwn of bundles."""
    held = await stock.hold_in(tx, places)
    for sku, _ in places:
        if sku not in held:
            raise NoSuchStock(f"There is no stock of {sku}.", sku=sku)
    if made_of := await bundles.parts_of(tx, list(held)):
        raise NoStockOfItsOwn(skus=sorted(made_of))
    return held


def book(tx: Tx, held: Mapping[str, Stock], changes: Sequence[Change], reason: str) -> None:
    """Move held stock, note it and tell of it, with the marks that are crossed; refuses BelowReserved."""
    now = dict(held)
    moved: dict[tuple[str, str], int] = {}
    steps: list[Stock] = []
    for change in changes:
        now[change.sku] = now[change.sku].adjusted(change.delta, change.warehouse)
        steps.append(now[change.sku])
        shelf = change.sku, change.warehouse
        moved[shelf] = moved.get(shelf, 0) + change.delta
    for change, after in zip(changes, steps, strict=True):
        tx.tell(adjusted(after, change.delta, reason, change.warehouse, now[change.sku].level()))
    for sku in dict.fromkeys(change.sku for change in changes):
        tx.tell(*held[sku].crossed(held[sku].available - now[sku].available))
    stock.move(tx, [Movement(sku, delta, 0, place) for (sku, place), delta in moved.items()])
    stock.note(tx, changes, reason)


def _spread_all(held: Mapping[str, Stock], pieces: Sequence[Change]) -> list[Change]:
    now = dict(held)
    changes: list[Change] = []
    for piece in pieces:
        for change in _spread(piece, now[piece.sku]):
            now[change.sku] = now[change.sku].adjusted(change.delta, change.warehouse)
            changes.append(change)
    return changes


def _spread(piece: Change, held: Stock) -> list[Change]:
    """What comes is put where it shall be; what goes may go from several places, from there first."""
    if piece.delta > 0:
        return [piece]
    name = piece.reference
    return [
        Change(piece.sku, place, -pieces, f"{name}/{place}" if name and number else name, piece.per)
        for number, (place, pieces) in enumerate(held.taken_from(-piece.delta, piece.warehouse).items())
    ]
