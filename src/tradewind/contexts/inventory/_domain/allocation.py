"""Who gets what, and from where, when many want it at once: in order of arrival, each wholly or not at all. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from tradewind.contracts.inventory import NotEnoughStock, Wanted

Shelves: TypeAlias = Mapping[str, Mapping[str, int]]
"""SKU to warehouse to what can be promised there."""
Rank: TypeAlias = Callable[[Wanted, Shelves], Sequence[str]]
"""The warehouses in the order in which goods are taken from them for this order; it must name all."""


class Pick(Struct, frozen=True):
    """So many of one SKU, taken from one warehouse."""

    sku: str
    warehouse: str
    quantity: int


def allocate(available: Shelves, wanted: Sequence[Wanted], rank: Rank) -> list[list[Pick] | NotEnoughStock]:
    """For each order what it gets, or a refusal that names the SKUs it lacks; nobody gets a part.

    An order that cannot be served takes nothing from those behind it. An unknown SKU is one that is out of stock.
    """
    left = {sku: dict(places) for sku, places in available.items()}
    answers: list[list[Pick] | NotEnoughStock] = []
    for order in wanted:
        assert all(quantity > 0 for quantity in order.quantities.values()), "an order wants at least one of each"
        short = sorted(sku for sku, quantity in order.quantities.items() if _sum(left, sku) < quantity)
        if short:
            answers.append(NotEnoughStock(f"Not enough in stock: {', '.join(short)}.", skus=short))
            continue
        answers.append(_take(left, order, rank))
    return answers


def _sum(left: Shelves, sku: str) -> int:
    return sum(pieces for pieces in left[sku].values() if pieces > 0) if sku in left else 0


def _take(left: dict[str, dict[str, int]], order: Wanted, rank: Rank) -> list[Pick]:
    several = any(len(left[sku]) > 1 for sku in order.quantities)
    ranking = rank(order, left) if several else ()
    picks: list[Pick] = []
    for sku, quantity in order.quantities.items():
        places = left[sku]
        picks += _fill(sku, quantity, places, ranking if len(places) > 1 else tuple(places))
    return picks


def _fill(sku: str, quantity: int, places: dict[str, int], ranking: Sequence[str]) -> list[Pick]:
    picks: list[Pick] = []
    missing = quantity
    for place in ranking:
        taken = min(missing, places.get(place, 0))
        if taken > 0:
            places[place] -= taken
            missing -= taken
            picks.append(Pick(sku, place, taken))
    assert missing == 0, "a ranking names every warehouse"
    return picks


def totals(served: Sequence[Sequence[Pick]]) -> dict[tuple[str, str], int]:
    """How many of each SKU all these orders take from each warehouse."""
    taken: dict[tuple[str, str], int] = {}
    for picks in served:
        for pick in picks:
            place = pick.sku, pick.warehouse
            taken[place] = taken.get(place, 0) + pick.quantity
    return taken
