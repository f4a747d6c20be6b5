"""What is asked within a transaction where the one who would answer has another database: answered from what was heard,
told so that it is done there later, or refused in so many words. Nobody is asked over a network here.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from tradewind.contracts.catalog import CatalogPeer
from tradewind.contracts.inventory import (
    MAIN,
    Amendment,
    Awaited,
    Delivery,
    GoodsAnnounced,
    InventoryBackordered,
    InventoryReserved,
    NoSuchWarehouse,
    NotEnoughStock,
    ReservationEnded,
    StillAwaited,
    Wanted,
)
from tradewind.kernel.errors import Unavailable

LATER_S = 3600
"""What is asked for will not be there soon: nobody shall ask again before that."""


class HeldElsewhere(NotEnoughStock):
    """Inventory is in another process of this deployment, which holds goods for placed orders only."""


class NotInThisDeployment(Unavailable):
    """This is not available where inventory has a database of its own."""

    def __init__(self) -> None:
        super().__init__(retry_after_s=LATER_S)


class AwayInventory:
    """Answers to InventoryPeer. What moves goods of placed orders is asked by their saga, outside of transactions."""

    async def reserve(self, _tx: Any, wanted: Sequence[Wanted]) -> Sequence[InventoryReserved | NotEnoughStock]:
        """What holds goods at once, as the placing of orders does where inventory is here: HeldElsewhere."""
        return [HeldElsewhere(skus=sorted(one.quantities)) for one in wanted]

    async def amend(self, _tx: Any, amendment: Amendment) -> NotEnoughStock | ReservationEnded | None:
        """Edits of orders that are not paid for: HeldElsewhere. Those of others are moved by their saga."""
        return HeldElsewhere(skus=sorted({*amendment.more, *amendment.less}))

    async def receive(self, tx: Any, deliveries: Sequence[Delivery], *, reason: str) -> int:
        """Tell inventory what came; it books that when it hears of it. What goes sagas ask for: NotInThisDeployment."""
        if any(one.quantity <= 0 for one in deliveries):
            raise NotInThisDeployment
        tx.tell(
            *(
                GoodsAnnounced(
                    product_id=one.product_id,
                    sku=one.sku,
                    quantity=one.quantity,
                    reason=reason,
                    reference=one.reference,
                )
                for one in deliveries
            )
        )
        return len(deliveries)

    async def let_in(self, _tx: Any, codes: Collection[str]) -> None:
        """What comes is announced, and put into MAIN: whatever else is named is refused (NoSuchWarehouse)."""
        if others := sorted({*codes} - {MAIN}):
            raise NoSuchWarehouse("Here goods come back to MAIN only; transfer them from there.", warehouses=others)

    async def shipped_from(self, _tx: Any, _order_id: UUID) -> Mapping[str, str]:
        """Inventory knows, and is not asked within a transaction: what names no warehouse comes back to MAIN."""
        return {}

    async def available(self, tx: Any, skus: Sequence[str]) -> Mapping[str, int]:
        """What the catalog shows, by inventory's events: the truth is asked for when an order is placed."""
        shown: Mapping[str, int] = await tx.peer(CatalogPeer).available(tx, skus)
        return shown

    async def confirm(self, _tx: Any, _order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Never asked: sagas ask over gRPC."""
        raise NotInThisDeployment

    async def release(self, _tx: Any, order_ids: Sequence[UUID], reason: str) -> None:
        """Edits that were undone hold nothing, as they never did."""


class AwayBackorders:
    """Answers to BackordersPeer: no order waits for goods in this deployment."""

    async def wait(self, _tx: Any, wanted: Sequence[Wanted]) -> Sequence[InventoryBackordered | None]:
        """None may be waited for."""
        return [None] * len(wanted)

    async def collect(
        self, _tx: Any, order_ids: Sequence[UUID]
    ) -> Mapping[UUID, InventoryReserved | StillAwaited | ReservationEnded]:
        """Nobody waits."""
        return {one: ReservationEnded() for one in order_ids}

    async def give_up(self, _tx: Any, order_ids: Sequence[UUID], reason: str) -> None:
        """Nobody waits."""

    async def awaited(self, _tx: Any, _order_id: UUID) -> Awaited | None:
        """Nobody waits."""
        return None


class NoReturns:
    """Answers to ReturnsPeer in inventory's process: what comes back goes to the main warehouse, which never closes."""

    async def uninspected(self, _tx: Any, _warehouse: str) -> Mapping[UUID, int]:
        """None."""
        return {}


class CatalogByEvents:
    """Answers to CatalogPeer in inventory's process: stock is opened by the event of its product, or not yet."""

    async def identify(self, _tx: Any, _sku: str) -> UUID | None:
        """Nothing is known beyond what was heard, and what was heard has its stock."""
        return None

    async def available(self, _tx: Any, _skus: Sequence[str]) -> Mapping[str, int]:
        """Inventory itself knows."""
        raise NotInThisDeployment

    async def named(self, _tx: Any, _words: Sequence[str], _many: int) -> Sequence[str]:
        """Nobody here looks for goods by their names."""
        raise NotInThisDeployment
