"""An order on its way in two shipments, over HTTP: picked short, packed, booked with a carrier that fails, tracked."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.carriers import KEY, SECRET, CarrierServer, a_parcel_carrier, notice, number, signed
from tests.journeys.reasons import OWN_SETTINGS
from tests.markets import Market, Person, kinds, open_market
from tradewind.app.audit import audit
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings

pytestmark = pytest.mark.xdist_group("parcels")

BOX = {"weightG": 900, "lengthMm": 300, "widthMm": 200, "heightMm": 100}
SETTLE_S = 20.0


@pytest_asyncio.fixture
async def carrier() -> AsyncIterator[CarrierServer]:
    async with a_parcel_carrier() as server:
        yield server


@pytest_asyncio.fixture
async def market(
    carrier: CarrierServer, settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Market]:
    """A shop with a carrier, and a payment provider of its own for the auditor to look at."""
    provider = await ProviderProcess(tmp_path_factory.mktemp("provider")).start()
    engines = replace(template, provider_url=provider.url)
    also = {
        "TRADEWIND_CARRIER_URL": carrier.url, "TRADEWIND_CARRIER_KEY": KEY, "TRADEWIND_CARRIER_SECRET": SECRET,
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        stack.push_async_callback(provider.stop)
        folder = tmp_path_factory.mktemp("parcels")
        yield await stack.enter_async_context(open_market(settings, engines, folder, more=also))


async def told(person: Person, path: str, body: Any = None, status: int = 200) -> dict[str, Any]:
    answer = await (person.get(path) if body is None else person.post(path, body))
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def booked(market: Market, warehouse: Person, shipment: str) -> dict[str, Any]:
    """The shipment's parcel, once its carrier takes it."""

    async def look() -> dict[str, Any] | None:
        (parcel,) = (await told(warehouse, f"/api/v1/shipments/{shipment}/parcels"))["items"]
        return parcel if parcel["state"] == "BOOKED" else None

    found: dict[str, Any] = await market.sees(look)
    return found


async def status_of(market: Market, warehouse: Person, shipment: str, status: str) -> None:
    async def look() -> bool:
        return bool((await told(warehouse, f"/api/v1/shipments/{shipment}"))["status"] == status)

    await market.sees(look)


async def picked_and_packed(warehouse: Person, shipment: str, sku: str, found: int) -> dict[str, Any]:
    task = f"/api/v1/fulfillment-tasks/{shipment}"
    await told(warehouse, f"{task}/claim", {})
    picked = await told(warehouse, f"{task}/picks", {"lines": [{"sku": sku, "qty": found}]})
    await told(warehouse, f"{task}/pack", {"parcels": [BOX], "carrier": "rest"})
    return picked


@pytest.mark.one_process_tree(OWN_SETTINGS)
async def test_what_is_short_follows_and_the_order_is_fulfilled_by_its_last_parcel(
    market: Market, carrier: CarrierServer
) -> None:
    buyer, warehouse, sku = market.somebody("customer"), market.somebody("warehouse"), await market.goods(stock=5)
    order = (await buyer.order(sku, qty=3)).json()
    await market.comes_to(buyer, order["id"], "PAID")
    first = (await told(warehouse, f"/api/v1/orders/{order['id']}/shipment"))["id"]
    tasks = (await told(warehouse, "/api/v1/fulfillment-tasks"))["items"]
    assert [one["shipmentId"] for one in tasks] == [first]
    carrier.script = ["lost", "500"]
    second = (await picked_and_packed(warehouse, first, sku, 2))["shortShipmentId"]
    await picked_and_packed(warehouse, second, sku, 1)
    for shipment in (first, second):
        parcel = await booked(market, warehouse, shipment)
        assert parcel["trackingNumber"] == number(parcel["id"])
        label = await warehouse.get(f"/api/v1/shipments/{shipment}/label")
        assert (label.headers["content-type"], label.content[:5]) == ("application/pdf", b"%PDF-")
        assert (await buyer.get(f"/api/v1/shipments/{shipment}/label")).status_code == 403
        assert (await told(warehouse, f"/api/v1/shipments/{shipment}/dispatch", {}))["trackingNumber"] == number(
            parcel["id"]
        )
    assert carrier.bookings == 2, "whatever answers were lost"
    for shipment, last in ((second, False), (first, True)):
        key = (await told(warehouse, f"/api/v1/shipments/{shipment}/parcels"))["items"][0]["id"]
        carrier.stages[key] = "DELIVERED"
        body, signature = notice((f"notice of {key}", key))
        headers = {"Content-Type": "application/json", **signed(signature)}
        answers = [
            await market.http.post("/api/v1/carriers/rest/webhooks", content=body, headers=headers) for _ in range(2)
        ]
        assert [one.status_code for one in answers] == [204, 204]
        await status_of(market, warehouse, shipment, "DELIVERED")
        if not last:
            assert (await buyer.get(f"/api/v1/orders/{order['id']}")).json()["status"] == "PAID"
    await market.comes_to(buyer, order["id"], "FULFILLED")
    happened = [kind for kind in kinds(await market.events(order["id"])) if kind.startswith("shipping.")]
    assert sorted(happened) == sorted(
        f"shipping.shipment.{word}"
        for word in "created created picked_short packed packed dispatched dispatched delivered delivered".split()
    )
    provider_url = market.environment["TRADEWIND_PROVIDER_URL"]
    report = await audit(market.environment["TRADEWIND_DATABASE_URL"], provider_url, settle_s=SETTLE_S)
    assert report.ok, report.lines()
