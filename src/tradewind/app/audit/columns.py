"""What the auditor asks the store of columns itself: what was captured and refunded of each order."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

from tradewind.ports.columns import ColumnsAway

COUNTED: Final = """
    SELECT order_id, sum(CASE WHEN movement = 'CAPTURED' THEN amount_minor ELSE 0 END),
           sum(CASE WHEN movement = 'REFUNDED' THEN amount_minor ELSE 0 END)
    FROM fact_payments GROUP BY order_id
"""


class Countable(Protocol):
    """Columns that answer a statement of the auditor's own."""

    async def ask(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        """The rows that it finds; raises ColumnsAway."""
        ...


class Counted(NamedTuple):
    """Orders, what was captured and what was refunded of each, in minor units; or why that cannot be read."""

    orders: list[Any]
    captured: list[int]
    refunded: list[int]
    trouble: str | None = None


async def counted(columns: Countable) -> Counted:
    """Every order that the columns know money of."""
    try:
        rows = await columns.ask(COUNTED)
    except ColumnsAway as away:
        return Counted([], [], [], f"the columns cannot be read: {away.__cause__!r}")
    return Counted([row[0] for row in rows], [int(row[1]) for row in rows], [int(row[2]) for row in rows])
