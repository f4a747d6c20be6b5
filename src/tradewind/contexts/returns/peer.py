"""What other contexts may ask returns."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tradewind.contexts.returns._store import returns


class Returns:
    """Answers to ReturnsPeer."""

    async def uninspected(self, tx: Any, warehouse: str) -> Mapping[UUID, int]:
        """The returns whose goods are in this warehouse and that nobody has looked at, to pieces; oldest first."""
        return await returns.uninspected(tx, warehouse)
