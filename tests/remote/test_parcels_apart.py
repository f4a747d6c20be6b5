"""Parcels where inventory has a database of its own: what is lost is paid back, and not sent once more."""

import pytest

from tests.comebacks import STAFF, refunded_by_hand
from tests.edits import money
from tests.remote.test_orders_apart import Apart, apart
from tests.shops import until
from tradewind.adapters.inventory.apart import NotInThisDeployment
from tradewind.contexts.shipping.manifest import DispatchShipment, ReplaceParcel, ReportLoss

__all__ = ["apart"]

SHIPMENT = "SELECT id, status FROM shipping.shipments WHERE order_id = $1"


async def test_a_lost_parcel_is_not_sent_once_more_and_can_be_paid_back(apart: Apart) -> None:
    async with apart.answering():
        order = await apart.ended()
        shipment_id = (await apart.orders.db.pool.fetchrow(SHIPMENT, order.id))["id"]
        await apart.orders.dispatch(DispatchShipment(shipment_id=shipment_id), STAFF)
        await apart.orders.dispatch(ReportLoss(shipment_id=shipment_id), STAFF)
        with pytest.raises(NotInThisDeployment):
            await apart.orders.dispatch(ReplaceParcel(shipment_id=shipment_id), STAFF)
        assert (await apart.orders.db.pool.fetchrow(SHIPMENT, order.id))["status"] == "LOST"
        await refunded_by_hand(apart.orders, order.id, 2500)

        async def paid_back() -> bool:
            return await money(apart.orders, order.id) == 0

        await until(apart.orders, paid_back)
    assert await apart.stock() == (8, 0)
