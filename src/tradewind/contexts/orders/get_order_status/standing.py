"""Where orders stood when this process last heard or looked: an order's status never goes back, whatever comes late.

The log is in the order in which transactions began to write. Two that moved the same order may have had it in the other
order, so an event may be heard after one that happened later; what is kept must not follow it back.
"""

from typing import Final, NamedTuple
from uuid import UUID

from cachetools import LRUCache

from tradewind.contexts.orders._domain.order import Status

REMEMBERED: Final = 50_000
"""Orders, those heard of last. Of others an event only takes out what is kept."""
FORWARD: Final = tuple(Status)
"""Declared in the order in which an order goes through them; the last three are ends."""


class _Stand(NamedTuple):
    status: Status
    user_id: str | None


class Standing:
    """One process's memory of how far orders have come, and whose they are."""

    def __init__(self) -> None:
        self._stands: LRUCache[UUID, _Stand] = LRUCache(REMEMBERED)

    def rises(self, order_id: UUID, status: Status, user_id: str | None) -> str | None:
        """Note that the order has come to `status`; whose it is, or None where that is not known or it was further."""
        before = self._stands.get(order_id)
        owner = user_id or (before.user_id if before else None)
        if before is not None and FORWARD.index(before.status) >= FORWARD.index(status):
            return None
        self._stands[order_id] = _Stand(status, owner)
        return owner

    def of(self, order_id: UUID) -> tuple[Status, str | None] | None:
        """How far the order has come and whose it is, where this process has heard of it."""
        return self._stands.get(order_id)

    def belongs(self, order_id: UUID, user_id: str) -> None:
        """Note that the order is somebody else's from now on."""
        before = self._stands.get(order_id)
        if before is not None:
            self._stands[order_id] = before._replace(user_id=user_id)

    def clear(self) -> None:
        """Events may have been missed."""
        self._stands.clear()
