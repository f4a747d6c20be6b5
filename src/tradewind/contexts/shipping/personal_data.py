"""What shipping holds of a person: where their goods went."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tradewind.contracts.privacy import OrdersOfPeer, Person
from tradewind.runtime.database import Tx

OF: Final = """
    SELECT order_id, status, tracking_number, address::text AS address, created_at, dispatched_at, delivered_at
    FROM shipping.shipments WHERE order_id = ANY($1::uuid[]) ORDER BY created_at
"""
FORGET: Final = """
    UPDATE shipping.shipments SET address = jsonb_strip_nulls(jsonb_build_object('country', address -> 'country'))
    WHERE order_id = ANY($1::uuid[])
"""
FORGET_LABELS: Final = """
    UPDATE shipping.parcel AS p SET label = NULL FROM shipping.shipments AS s
    WHERE s.order_id = ANY($1::uuid[]) AND p.shipment_id = s.id AND p.label IS NOT NULL
"""


class ShipmentData:
    """Answers to PersonalData. The country stays, for the taxes; so does the carrier's number of the parcel."""

    async def export(self, tx: Tx, person: Person) -> Mapping[str, Any]:
        """Shipments and where they went."""
        orders = await tx.peer(OrdersOfPeer).order_ids(tx, person)
        rows = await tx.all(OF, list(orders))
        return {"shipments": [{**row, "address": msgspec.Raw(row["address"].encode())} for row in rows]}

    async def erase(self, tx: Tx, person: Person) -> None:
        """Forget the address but for its country, and what carriers printed on labels."""
        orders = list(await tx.peer(OrdersOfPeer).order_ids(tx, person))
        await tx.run(FORGET, orders)
        await tx.run(FORGET_LABELS, orders)
