"""Parcels where inventory has a database of its own: what is lost goes out once more, or is paid back; never twice."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.comebacks import STAFF, refunded_by_hand
from tests.edits import money
from tests.remote.test_orders_apart import Apart, apart
from tests.shops import until
from tradewind.app.audit.across import audit_across
from tradewind.contexts.shipping._domain.replacement import ReplacementUnderWay
from tradewind.contexts.shipping.get_shipment.query import GetShipment
from tradewind.contexts.shipping.manifest import DeliverShipment, DispatchShipment, ReplaceParcel, ReportLoss
from tradewind.contexts.shipping.replace_parcel.elsewhere import REPLACE_ELSEWHERE
from tradewind.contracts.inventory import Wanted
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.runtime import failpoints
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.advance import Compensate

__all__ = ["apart"]

SHIPMENT = "SELECT id FROM shipping.shipments WHERE order_id = $1"
TOLD = "SELECT count(*) FROM runtime.outbox WHERE type = 'ecommerce.shipping.shipment.replaced.v1'"
ASKED = "SELECT attempt > 0 FROM runtime.saga WHERE name = 'replace_elsewhere' AND phase = 'STARTED'"
UNDOING = "SELECT attempt > 0 FROM runtime.saga WHERE id = $1 AND undoing"
CHECKED = ("both databases", "stock ledger", "reservations", "claims", "picking", "replacements", "order in the log")
"""Of what the auditor says: no Kafka carries events between the two databases of these tests."""
CALM_S = 2.0


async def lost(apart: Apart) -> UUID:
    """A shipment of two books that is lost; eight are left."""
    order = await apart.ended()
    shipment_id: UUID = await apart.orders.db.pool.fetchval(SHIPMENT, order.id)
    await apart.orders.dispatch(DispatchShipment(shipment_id=shipment_id), STAFF)
    await apart.orders.dispatch(ReportLoss(shipment_id=shipment_id), STAFF)
    return shipment_id


async def seen(apart: Apart, shipment_id: UUID) -> Any:
    return await apart.orders.dispatch(GetShipment(shipment_id=shipment_id), STAFF)


async def settled(apart: Apart, shipment_id: UUID) -> tuple[str, str, str | None]:
    """Where the shipment is once its replacement is over, and how and why that ended so."""

    async def over() -> Any:
        found = await seen(apart, shipment_id)
        return found if found.replacement.status != "PENDING" else None

    found = await until(apart.orders, over)
    return found.status, found.replacement.status, found.replacement.why


async def wrong(apart: Apart) -> list[str]:
    """What the auditor finds in both databases of goods and parcels."""
    urls = apart.orders.engines.database_url, {"inventory": apart.inventory.engines.database_url}
    report = await audit_across(*urls, None, settle_s=CALM_S)
    assert next(check.checked for check in report.checks if check.name == "replacements") > 0
    return [line for line in report.lines() if line.startswith(CHECKED)]


async def replace(apart: Apart, shipment_id: UUID) -> Any:
    return await apart.orders.dispatch(ReplaceParcel(shipment_id=shipment_id), STAFF)


async def test_goods_that_are_not_there_are_not_sent_again_and_may_be_asked_for_once_more(apart: Apart) -> None:
    async with apart.answering():
        shipment_id = await lost(apart)
        other = Wanted(new_id(), {"BOOK": 7})
        await apart.way.real.reserve(other, STAFF)
        await replace(apart, shipment_id)
        assert await settled(apart, shipment_id) == ("LOST", "REFUSED", "out of stock: BOOK")
        assert (await apart.stock(), await wrong(apart)) == ((8, 7), [])
        await apart.way.real.release(other.order_id, STAFF)
        await replace(apart, shipment_id)
        assert await settled(apart, shipment_id) == ("READY", "DONE", None)
    assert await apart.stock() == (6, 0)


async def test_of_ten_who_replace_a_parcel_at_once_one_does_and_the_goods_go_once(apart: Apart) -> None:
    async with apart.answering():
        shipment_id = await lost(apart)
        outcomes = await asyncio.gather(*(replace(apart, shipment_id) for _ in range(10)), return_exceptions=True)
        assert sum(isinstance(one, (ReplacementUnderWay, IllegalMove)) for one in outcomes) == 9
        assert await settled(apart, shipment_id) == ("READY", "DONE", None)
        assert await wrong(apart) == []
        await apart.orders.dispatch(DispatchShipment(shipment_id=shipment_id), STAFF)
        await apart.orders.dispatch(DeliverShipment(shipment_id=shipment_id), STAFF)
    assert (await apart.stock(), await apart.orders.db.pool.fetchval(TOLD)) == ((6, 0), 1)


async def test_answers_that_are_lost_are_asked_for_again_and_nothing_goes_twice(apart: Apart) -> None:
    async with apart.answering():
        shipment_id = await lost(apart)
        apart.way.losses = 2
        apart.way.arrived.clear()
        await replace(apart, shipment_id)
        assert await settled(apart, shipment_id) == ("READY", "DONE", None)
        assert await wrong(apart) == []
    assert apart.way.arrived == ["reserve"] * 3 + ["confirm"] * 3
    assert (await apart.stock(), await apart.orders.db.pool.fetchval(TOLD)) == ((6, 0), 1)


@pytest.mark.parametrize(
    "point",
    [
        *(f"{step}.{at}" for step in ("hold_goods", "take_goods")
          for at in ("begin", "before_ask", "after_ask", "before_commit", "after_commit")),
        *(f"replace_shipment.{at}" for at in ("begin", "before_commit", "after_commit")),
    ],
)  # fmt: skip
async def test_wherever_it_breaks_off_it_is_gone_on_with_and_the_goods_go_once(apart: Apart, point: str) -> None:
    async with apart.answering():
        shipment_id = await lost(apart)
        failpoints.arm({f"saga.{point}": "raise"})
        try:
            await replace(apart, shipment_id)
            assert await settled(apart, shipment_id) == ("READY", "DONE", None)
            assert failpoints._hits[f"saga.{point}"] > 0
        finally:
            failpoints.arm({})
        assert await wrong(apart) == []
    assert (await apart.stock(), await apart.orders.db.pool.fetchval(TOLD)) == ((6, 0), 1)


async def test_a_parcel_that_turns_up_meanwhile_is_not_replaced_and_its_goods_go_back(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with apart.answering():
        shipment_id = await lost(apart)
        monkeypatch.setattr(apart.way, "confirm", apart.way.away)
        asked = await replace(apart, shipment_id)
        assert asked.status == "LOST"
        await until(apart.orders, lambda: apart.orders.db.pool.fetchval(ASKED))
        assert await apart.stock() == (8, 2)
        await apart.orders.dispatch(DeliverShipment(shipment_id=shipment_id), STAFF)
        monkeypatch.setattr(apart.way, "confirm", apart.way.real.confirm)
        why = "the shipment has gone on: it is DELIVERED"
        assert await settled(apart, shipment_id) == ("DELIVERED", "REFUSED", why)
        assert await wrong(apart) == []
    assert (await apart.stock(), await apart.orders.db.pool.fetchval(TOLD)) == ((8, 0), 0)


async def test_what_goes_out_again_is_not_taken_back_by_who_would_undo_it(apart: Apart) -> None:
    async with apart.answering():
        shipment_id = await lost(apart)
        await replace(apart, shipment_id)
        assert await settled(apart, shipment_id) == ("READY", "DONE", None)
        saga_id = (await seen(apart, shipment_id)).replacement.id
        async with apart.orders.db.transaction(STAFF) as tx:
            await signals.mend(tx, REPLACE_ELSEWHERE, saga_id, Compensate("by mistake"))
            tx.ring()
        await until(apart.orders, lambda: apart.orders.db.pool.fetchval(UNDOING, saga_id))
        assert (await seen(apart, shipment_id)).status == "READY"
    assert await apart.stock() == (6, 0)


async def test_a_lost_parcel_can_be_paid_back(apart: Apart) -> None:
    async with apart.answering():
        shipment_id = await lost(apart)
        order_id = (await seen(apart, shipment_id)).order_id
        await refunded_by_hand(apart.orders, order_id, 2500)

        async def paid_back() -> bool:
            return await money(apart.orders, order_id) == 0

        await until(apart.orders, paid_back)
    assert await apart.stock() == (8, 0)
