"""No queue but the rows: what was put off is due by itself, to the moment."""

from collections.abc import Sequence

from tradewind.ports.retry_queue import Due, PutOff


class RowsAlone:
    """Every row says itself when it is due, so nothing is left to do."""

    grace_s = 0.0

    async def put_off(self, those: Sequence[PutOff]) -> None:
        """The rows say it."""

    async def due(self) -> Due:
        """Whoever looks for rows that are due finds them."""
        return Due(())

    async def done(self, due: Due) -> None:
        """There is nothing to forget."""
