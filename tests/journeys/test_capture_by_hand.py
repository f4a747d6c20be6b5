"""What is captured by hand (D5): held first, then taken whole, in part or with the goods; or let go. Never both."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.builders import a_product
from tests.held import STAFF, a_shop_with_its_provider, all_ended, comes_to, held, placed
from tests.journeys.reasons import OWN_SETTINGS
from tests.shops import Shop, a_call, until
from tradewind.app.audit.auditor import audit
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.orders.cancel_order.command import CancelOrder, NotCancelable
from tradewind.contexts.orders.void_order.command import NotVoidable, VoidOrder
from tradewind.contexts.payments.capture_payment.command import CapturePayment, CaptureTooLarge, NotCapturable
from tradewind.contexts.payments.get_payment.query import GetPayment, PaymentView
from tradewind.contexts.payments.refund_payment.command import NoSuchPayment, RefundPayment
from tradewind.contexts.shipping.deliver_shipment.command import DeliverShipment
from tradewind.contexts.shipping.dispatch_shipment.command import DispatchShipment
from tradewind.contexts.shipping.get_shipment.query import GetOrderShipment
from tradewind.kernel.errors import Forbidden, Refusal
from tradewind.kernel.ids import new_id

pytestmark = [pytest.mark.xdist_group("journeys"), pytest.mark.one_process_tree(OWN_SETTINGS)]
STOCK = "SELECT on_hand, reserved FROM inventory.inventory_stock WHERE sku = 'BOOK'"
ASKED = "SELECT count(*) FROM payments.payments WHERE to_capture_minor IS NOT NULL"


@pytest_asyncio.fixture
async def stand(
    settings: Settings, own_engines: Engines, tmp_path: Path
) -> AsyncIterator[tuple[Shop, ProviderProcess]]:
    """A shop with a book, and its own provider; in the end all holds."""
    async with a_shop_with_its_provider(settings, own_engines, tmp_path) as (shop, provider):
        await a_product(shop, "BOOK")
        yield shop, provider
        report = await audit(shop.engines.database_url, shop.engines.provider_url, settle_s=10)
        assert report.ok, report.lines()


async def payment(shop: Shop, order_id: UUID) -> PaymentView:
    found: PaymentView = await shop.dispatch(GetPayment(order_id=order_id), STAFF)
    return found


async def books(provider: ProviderProcess, order_id: UUID) -> list[tuple[str, int]]:
    return [(line.operation, line.minor) for line in await provider.ledger(str(order_id)) if line.minor]


async def shipment(shop: Shop, order_id: UUID) -> UUID:
    found: UUID = (await shop.dispatch(GetOrderShipment(order_id=order_id), STAFF)).id
    return found


async def test_what_cannot_be_captured_is_refused_and_nothing_is_asked_for(
    stand: tuple[Shop, ProviderProcess],
) -> None:
    shop, _ = stand
    by_itself, by_hand = await placed(shop, "BOOK"), await held(shop, "BOOK")
    await comes_to(shop, by_itself, "PAID")
    refused: list[tuple[type[Refusal], CapturePayment]] = [
        (NoSuchPayment, CapturePayment(order_id=new_id())),
        (NotCapturable, CapturePayment(order_id=by_itself)),
        (CaptureTooLarge, CapturePayment(order_id=by_hand, amount=Decimal("12.51"))),
        (CaptureTooLarge, CapturePayment(order_id=by_hand, amount=Decimal(0))),
        (CaptureTooLarge, CapturePayment(order_id=by_hand, amount=Decimal(-1))),
    ]
    for kind, command in refused:
        with pytest.raises(kind):
            await shop.dispatch(command, STAFF)
    for who in ("customer", "support", "warehouse"):
        for of_staff in (CapturePayment(order_id=by_hand), VoidOrder(order_id=by_hand)):
            with pytest.raises(Forbidden):
                await shop.dispatch(of_staff, a_call(who))
    with pytest.raises(NotVoidable):
        await shop.dispatch(VoidOrder(order_id=by_itself), STAFF)
    assert await shop.db.pool.fetchval(ASKED) == 0
    await shop.dispatch(VoidOrder(order_id=by_hand), STAFF)
    await all_ended(shop)


async def test_a_part_is_captured_once_and_the_rest_is_let_go(stand: tuple[Shop, ProviderProcess]) -> None:
    shop, provider = stand
    order_id = await held(shop, "BOOK")
    assert (await payment(shop, order_id)).capture_method == "manual"
    assert await books(provider, order_id) == [("authorization", 1250)]
    part = CapturePayment(order_id=order_id, amount=Decimal("5.00"))
    for _ in range(2):
        view = await shop.dispatch(part, STAFF)
        assert (view.amount, view.let_go) == (Decimal("5.00"), Decimal("7.50"))
    with pytest.raises(NotCapturable):
        await shop.dispatch(CapturePayment(order_id=order_id, amount=Decimal("6.00")), STAFF)
    await comes_to(shop, order_id, "PAID")
    assert await books(provider, order_id) == [("authorization", 1250), ("capture", 500), ("void", 750)]
    with pytest.raises(NotCapturable):
        await shop.dispatch(CapturePayment(order_id=order_id), STAFF)
    await shop.dispatch(RefundPayment(order_id=order_id, amount=Decimal("5.00"), reason="worn"), STAFF)
    await all_ended(shop)
    found = await payment(shop, order_id)
    assert (found.status, found.captured, found.refunded) == ("REFUNDED", Decimal("5.00"), Decimal("5.00"))


async def test_goods_that_leave_the_house_have_all_of_it_captured(stand: tuple[Shop, ProviderProcess]) -> None:
    shop, provider = stand
    order_id = await held(shop, "BOOK")
    parcel = await shipment(shop, order_id)
    await shop.dispatch(DispatchShipment(shipment_id=parcel), STAFF)
    await shop.dispatch(DeliverShipment(shipment_id=parcel), STAFF)
    await comes_to(shop, order_id, "FULFILLED")
    assert await books(provider, order_id) == [("authorization", 1250), ("capture", 1250)]


async def test_goods_that_arrive_before_the_money_fulfill_the_order_with_it(
    stand: tuple[Shop, ProviderProcess],
) -> None:
    shop, provider = stand
    order_id = await held(shop, "BOOK")
    parcel = await shipment(shop, order_id)
    await provider.strike("capture", "error", times=3)
    await shop.dispatch(DispatchShipment(shipment_id=parcel), STAFF)
    await shop.dispatch(DeliverShipment(shipment_id=parcel), STAFF)
    await comes_to(shop, order_id, "FULFILLED")
    assert (await books(provider, order_id))[1:] == [("capture", 1250)]


async def test_what_nobody_captures_is_let_go_and_the_goods_come_back(stand: tuple[Shop, ProviderProcess]) -> None:
    shop, provider = stand
    order_id = await held(shop, "BOOK")
    with pytest.raises(NotCancelable):
        await shop.dispatch(CancelOrder(order_id=order_id), a_call("support"))
    for _ in range(2):
        await shop.dispatch(VoidOrder(order_id=order_id), STAFF)
    await comes_to(shop, order_id, "CANCELED")
    assert await books(provider, order_id) == [("authorization", 1250), ("void", 1250)]
    assert tuple(await shop.db.pool.fetchrow(STOCK)) == (10, 0)
    with pytest.raises(NotCapturable):
        await shop.dispatch(CapturePayment(order_id=order_id), STAFF)


async def test_capture_and_void_at_once_end_in_one_of_them(stand: tuple[Shop, ProviderProcess]) -> None:
    shop, provider = stand
    ids = [await held(shop, "BOOK") for _ in range(8)]
    rivals: list[Any] = [
        shop.dispatch(command(order_id=order_id), STAFF) for order_id in ids for command in (CapturePayment, VoidOrder)
    ]
    outcomes = await asyncio.gather(*rivals, return_exceptions=True)
    for first, second in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert sorted(isinstance(one, NotCapturable | NotVoidable) for one in (first, second)) == [False, True]
    await all_ended(shop)
    for order_id in ids:
        status = await comes_to(shop, order_id, "PAID", "CANCELED")
        assert (await books(provider, order_id))[1:] == [("capture" if status == "PAID" else "void", 1250)]


async def test_a_capture_whose_answer_is_lost_is_one(stand: tuple[Shop, ProviderProcess]) -> None:
    shop, provider = stand
    order_id = await held(shop, "BOOK")
    await provider.strike("capture", "lost-answer")
    await shop.dispatch(CapturePayment(order_id=order_id, amount=Decimal("1.00")), STAFF)
    await comes_to(shop, order_id, "PAID")
    await until(shop, lambda: _captured(shop, order_id))
    assert (await books(provider, order_id))[1:] == [("capture", 100), ("void", 1150)]


async def _captured(shop: Shop, order_id: UUID) -> bool:
    return (await payment(shop, order_id)).captured == Decimal("1.00")
