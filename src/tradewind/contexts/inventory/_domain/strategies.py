"""From which warehouse an order is served first: replaceable, chosen by the owner. Pure.

A strategy only ranks places; filling (allocation.py) goes through them in that order, so none can promise too much.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from tradewind.contexts.inventory._domain.allocation import Rank, Shelves
from tradewind.contexts.inventory._domain.warehouse import Warehouse
from tradewind.contracts.inventory import Wanted

MAX_TRIED_TOGETHER: Final = 12
"""Of more places than these, those that hold most of the order are looked at."""
Strategy = Callable[[Sequence[Warehouse]], Rank]


def priority(places: Sequence[Warehouse]) -> Rank:
    """By the owner's word alone."""
    ranking = [one.code for one in sorted(places, key=lambda one: (one.priority, one.code))]
    return lambda _order, _left: ranking


def nearest(places: Sequence[Warehouse]) -> Rank:
    """The same country first, then the longest common beginning of the postal code, then the closest number."""
    by_priority = sorted(places, key=lambda one: (one.priority, one.code))

    def rank(order: Wanted, _left: Shelves) -> Sequence[str]:
        return [one.code for one in sorted(by_priority, key=lambda one: _distance(one, order.ship_to or {}))]

    return rank


def _distance(place: Warehouse, ship_to: Mapping[str, Any]) -> tuple[bool, int, int]:
    here, there = _postal(place.postal_code), _postal(str(ship_to.get("postalCode") or ""))
    if place.country is None or place.country != ship_to.get("country"):
        return True, 0, 0
    common = next((n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), min(len(here), len(there)))
    return False, -common, abs(_number(here) - _number(there))


def _postal(code: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", code.upper())


def _number(code: str) -> int:
    return int(re.sub(r"[^0-9]", "", code)[:9] or 0)


def fewest_parcels(places: Sequence[Warehouse]) -> Rank:
    """The fewest places that have it all together; of several such, the owner's favourites."""
    favourites = [one.code for one in sorted(places, key=lambda one: (one.priority, one.code))]

    def rank(order: Wanted, left: Shelves) -> Sequence[str]:
        held = {code: _held(order, left, code) for code in favourites}
        tried = sorted((code for code in favourites if held[code]), key=lambda code: -held[code])[:MAX_TRIED_TOGETHER]
        tried.sort(key=favourites.index)
        for number in range(1, len(tried) + 1):
            for some in combinations(tried, number):
                if _suffice(order, left, some):
                    return [*some, *(code for code in favourites if code not in some)]
        return sorted(favourites, key=lambda code: -held[code])

    return rank


def _held(order: Wanted, left: Shelves, code: str) -> int:
    return sum(min(quantity, max(0, left[sku].get(code, 0))) for sku, quantity in order.quantities.items())


def _suffice(order: Wanted, left: Shelves, some: Sequence[str]) -> bool:
    return all(
        sum(max(0, left[sku].get(code, 0)) for code in some) >= quantity for sku, quantity in order.quantities.items()
    )


STRATEGIES: Final[Mapping[str, Strategy]] = {
    "priority": priority,
    "nearest": nearest,
    "fewest_parcels": fewest_parcels,
}
