"""Who gets what when many want it at once: in order of arrival, each order wholly or not at all. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tradewind.contracts.inventory import NotEnoughStock, Wanted


def allocate(available: Mapping[str, int], wanted: Sequence[Wanted]) -> list[NotEnoughStock | None]:
    """For each order None, where it is served, or a refusal that names the SKUs it lacks; nobody gets a part.

    An order that cannot be served takes nothing from those behind it. An unknown SKU is one that is out of stock.
    """
    left = dict(available)
    answers: list[NotEnoughStock | None] = []
    for order in wanted:
        assert all(quantity > 0 for quantity in order.quantities.values()), "an order wants at least one of each"
        short = sorted(sku for sku, quantity in order.quantities.items() if left.get(sku, 0) < quantity)
        if short:
            answers.append(NotEnoughStock(f"Not enough in stock: {', '.join(short)}.", skus=short))
            continue
        for sku, quantity in order.quantities.items():
            left[sku] -= quantity
        answers.append(None)
    return answers


def totals(served: Sequence[Wanted]) -> dict[str, int]:
    """How many of each SKU all these orders take."""
    taken: Counter[str] = Counter()
    for order in served:
        taken.update(order.quantities)
    return dict(taken)
