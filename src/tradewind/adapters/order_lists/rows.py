"""No lists but the orders' own rows: whoever asks looks there."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tradewind.ports.order_lists import Change, Listed
from tradewind.ports.progress import Reached


class RowsAlone:
    """Nothing is kept, so nothing is to be written."""

    async def reached(self) -> Reached | None:
        """None are kept."""
        return None

    async def put(self, changes: Sequence[Change], upto: Reached, *, is_all: bool) -> None:
        """The rows have it."""

    async def newest(self, user_id: str, before: tuple[datetime, UUID], many: int) -> Sequence[Listed] | None:
        """Look into the rows."""
        return None

    async def clear(self) -> None:
        """There is nothing to forget."""
