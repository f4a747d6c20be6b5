"""No index but the orders' own rows: whoever asks looks there."""

from collections.abc import AsyncIterator, Sequence

from tradewind.ports.order_search import Found, Question, Row
from tradewind.ports.progress import Reached


class RowsAlone:
    """Nothing is kept, so nothing is to be written."""

    async def reached(self) -> Reached | None:
        """None is kept."""
        return None

    async def put(self, rows: Sequence[Row], upto: Reached, *, is_all: bool) -> None:
        """The rows have it."""

    async def rebuild(self, rows: AsyncIterator[Sequence[Row]], upto: Reached) -> None:
        """There is nothing to make."""

    async def search(self, question: Question) -> Found | None:
        """Look into the rows."""
        return None
