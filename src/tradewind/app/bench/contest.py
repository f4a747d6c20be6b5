"""(a) against (b): who takes part, on which shelves, and what is aimed at."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from tradewind.app.bench.placing import raw_run, shop_run
from tradewind.app.bench.raw_limit import by_function, separately
from tradewind.app.bench.report import Goal
from tradewind.app.bench.rounds import Measure, Rounds
from tradewind.app.bench.shelves import SKUS
from tradewind.app.wiring import Shop

SEPARATELY: Final = "(a) raw, separate statements"
BY_FUNCTION: Final = "(a) raw, one stored function"
BY_32: Final = "(b) Tradewind, 32 callers"
BY_128: Final = "(b) Tradewind, 128 callers"
SHELVES: Final[dict[str, Sequence[str]]] = {"1,000 SKUs": SKUS, "1 SKU": SKUS[:1]}
IN_PROCESS_AIM: Final = {"1,000 SKUs": 2.0, "1 SKU": 5.0}


def in_process(shop: Shop, raw_url: str, skus: Sequence[str], orders: int) -> dict[str, Measure]:
    """The contestants that need no HTTP. On one SKU the raw limit is given fewer orders: it takes long enough."""
    raw_orders = orders // 2
    return {
        SEPARATELY: partial(raw_run, raw_url, separately, skus, raw_orders),
        BY_FUNCTION: partial(raw_run, raw_url, by_function, skus, raw_orders),
        BY_32: partial(shop_run, shop, 32, skus, orders),
        BY_128: partial(shop_run, shop, 128, skus, orders),
    }


def in_process_goals(shelf: str, rounds: Rounds) -> list[Goal]:
    """(b) to the better (a), for both numbers of callers."""
    return [
        Goal(
            what=f"{name} to the better (a), {shelf}",
            aim=IN_PROCESS_AIM[shelf],
            measured=rounds.ratio(name, SEPARATELY, BY_FUNCTION),
            unit="x",
            at_least=True,
        )
        for name in (BY_32, BY_128)
    ]
