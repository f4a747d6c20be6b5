"""Who gets what, and from where, when many want it at once: in order of arrival, each wholly or not at all. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.inventory._domain.bundle import Bundles, needs, pieces_of
from tradewind.contracts.inventory import NotEnoughStock, Wanted

Shelves: TypeAlias = Mapping[str, Mapping[str, int]]
"""SKU to warehouse to what can be promised there."""
Rank: TypeAlias = Callable[[Wanted, Shelves], Sequence[str]]
"""The warehouses in the order in which goods are taken from them for what this order needs; it must name all."""
Line: TypeAlias = tuple[str | None, str, int, int]
"""Bundle, SKU, pieces in one, pieces in all."""
NO_BUNDLES: Final[Bundles] = {}


class Pick(Struct, frozen=True):
    """So many of one SKU, taken from one warehouse; `per` of it for each `bundle`, where it is for one."""

    sku: str
    warehouse: str
    quantity: int
    bundle: str | None = None
    per: int = 1


def allocate(
    available: Shelves, wanted: Sequence[Wanted], rank: Rank, bundles: Bundles = NO_BUNDLES
) -> list[list[Pick] | NotEnoughStock]:
    """For each order what it gets, or a refusal that names the SKUs it lacks; nobody gets a part.

    An order that cannot be served takes nothing from those behind it. An unknown SKU is one that is out of stock.
    Lines that share a part of bundles are counted together, and each of them lacks what all of them together lack.
    """
    left = {sku: dict(places) for sku, places in available.items()}
    answers: list[list[Pick] | NotEnoughStock] = []
    for order in wanted:
        assert all(quantity > 0 for quantity in order.quantities.values()), "an order wants at least one of each"
        needed = needs(order.quantities, bundles)
        lacking = {sku for sku, quantity in needed.items() if _sum(left, sku) < quantity}
        if lacking:
            short = sorted(sku for sku in order.quantities if not lacking.isdisjoint(bundles.get(sku, (sku,))))
            answers.append(NotEnoughStock(f"Not enough in stock: {', '.join(short)}.", skus=short))
            continue
        needing = replace(order, quantities=needed) if bundles else order
        answers.append(_take(left, needing, rank, pieces_of(order.quantities, bundles)))
    return answers


def _sum(left: Shelves, sku: str) -> int:
    return sum(pieces for pieces in left[sku].values() if pieces > 0) if sku in left else 0


def _take(left: dict[str, dict[str, int]], order: Wanted, rank: Rank, lines: Iterable[Line]) -> list[Pick]:
    several = any(len(left[sku]) > 1 for sku in order.quantities)
    ranking = rank(order, left) if several else ()
    picks: list[Pick] = []
    for line in lines:
        places = left[line[1]]
        picks += _fill(line, places, ranking if len(places) > 1 else tuple(places))
    return picks


def _fill(line: Line, places: dict[str, int], ranking: Sequence[str]) -> list[Pick]:
    bundle, sku, per, missing = line
    picks: list[Pick] = []
    for place in ranking:
        taken = min(missing, places.get(place, 0))
        if taken > 0:
            places[place] -= taken
            missing -= taken
            picks.append(Pick(sku, place, taken, bundle, per))
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
