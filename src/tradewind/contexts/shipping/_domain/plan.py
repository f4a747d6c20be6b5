"""How an order's goods travel: in one shipment, or in several, each with some of them. Pure."""

from collections.abc import Mapping, Sequence
from typing import Self
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.shipping._domain.shipment import NoSuchShipment, Shipment, Status
from tradewind.kernel.errors import Conflict, Invalid

PLANNABLE = frozenset((Status.PLANNED, Status.READY))
"""While a shipment is in the house, goods may be taken out of it."""


class UnfitSplit(Invalid):
    """What travels apart must be in the shipment, and something must stay in it. `left` says what is in it."""


class LeftTheHouse(Conflict):
    """The shipment is not in the house any more, or never will leave it."""


class ShipmentPlan(Struct, frozen=True):
    """Every shipment of one order, part by part. Together they hold what was bought, each piece once."""

    shipments: tuple[Shipment, ...]

    def one(self, shipment_id: UUID) -> Shipment:
        """The shipment; refuses NoSuchShipment."""
        found = next((one for one in self.shipments if one.id == shipment_id), None)
        if found is None:
            raise NoSuchShipment(shipment_id=str(shipment_id))
        return found

    def completes(self, shipment_id: UUID) -> bool:
        """Whether the order has all of its goods once this shipment is delivered."""
        done = (Status.DELIVERED, Status.CANCELED)
        return all(one.id == shipment_id or one.status in done for one in self.shipments)

    def filled(self, bought: Mapping[str, int]) -> Self:
        """With what is in the one shipment that everything is in; of several, each says it already."""
        return replace(
            self,
            shipments=tuple(one if one.lines is not None else replace(one, lines=bought) for one in self.shipments),
        )

    def split(self, shipment_id: UUID, apart: Mapping[str, int], new_id: UUID) -> tuple[Shipment, Shipment]:
        """What stays and what travels apart; refuses (NoSuchShipment, LeftTheHouse, UnfitSplit)."""
        source = self.one(shipment_id)
        assert source.lines is not None, "filled before it is split"
        if source.status not in PLANNABLE:
            raise LeftTheHouse(state=source.status.value)
        left = {sku: count - apart.get(sku, 0) for sku, count in source.lines.items()}
        unknown = apart.keys() - left.keys()
        if unknown or not apart or min(apart.values()) < 1 or min(left.values()) < 0 or not any(left.values()):
            raise UnfitSplit(pointer="/lines", left=dict(source.lines))
        stays = replace(source, lines={sku: count for sku, count in left.items() if count})
        part = max(one.part for one in self.shipments) + 1
        return stays, Shipment(
            id=new_id,
            order_id=source.order_id,
            status=source.status,
            tracking_number=None,
            part=part,
            lines=dict(apart),
        )


def together(lines: Sequence[tuple[str, int]]) -> dict[str, int]:
    """SKU to pieces."""
    found: dict[str, int] = {}
    for sku, count in lines:
        found[sku] = found.get(sku, 0) + count
    return found
