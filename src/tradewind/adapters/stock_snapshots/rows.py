"""No snapshot but inventory's own rows: whoever asks looks there."""

from collections.abc import Sequence

from tradewind.ports.progress import Reached
from tradewind.ports.stock_snapshots import Standing


class RowsAlone:
    """Nothing is kept, so nothing is to be written."""

    async def reached(self) -> Reached | None:
        """None is kept."""
        return None

    async def put(self, changes: Sequence[Standing], upto: Reached, *, is_all: bool) -> None:
        """The rows have it."""

    async def of(self, skus: Sequence[str]) -> Sequence[Standing] | None:
        """Look into the rows."""
        return None

    async def after(self, sku: str, many: int) -> Sequence[Standing] | None:
        """Look into the rows."""
        return None

    async def clear(self) -> None:
        """There is nothing to forget."""
