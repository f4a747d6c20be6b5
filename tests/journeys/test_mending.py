"""A saga that waits for a person: `tradewind saga list`, `show`, `retry` and `compensate`, from another process."""

import asyncio
import sys
from typing import Any, Final

import msgspec
import pytest

from tests.journeys.test_trouble import provider_says
from tests.markets import Market
from tradewind.kernel.ids import new_id

PHASE: Final = "SELECT phase FROM runtime.saga WHERE id = $1"
JOURNAL: Final = "SELECT message FROM runtime.saga_journal WHERE saga_id = $1 ORDER BY id"

pytestmark = pytest.mark.xdist_group("journeys")


async def saga(market: Market, *arguments: str) -> tuple[int, Any, str]:
    """Run `tradewind saga …`; its exit code, what it printed as JSON, what it complained of."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tradewind.app.cli", "saga", *arguments, "--json",
        env=market.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, complained = await running.communicate()
    assert running.returncode is not None
    return running.returncode, msgspec.json.decode(printed) if printed else None, complained.decode()


async def phase_of(market: Market, order_id: str, *phases: str) -> str:
    """The saga's phase, once it is one of these."""

    async def look() -> str | None:
        phase: str = await market.shop.db.pool.fetchval(PHASE, order_id)
        return phase if phase in phases else None

    found: str = await market.sees(look)
    return found


async def test_a_parked_saga_is_seen_tried_again_and_undone_by_hand(market: Market) -> None:
    buyer, sku = market.somebody(), await market.goods(stock=1)
    order_id = (await buyer.order(sku, pays="decline-capture")).json()["id"]
    await phase_of(market, order_id, "NEEDS_ATTENTION")
    assert await market.stock(sku) == (0, 0)
    code, parked, _ = await saga(market, "list", "--phase", "NEEDS_ATTENTION")
    assert code == 0
    assert [line["why"] for line in parked if line["id"] == order_id] == ["capture declined: capture_refused"]
    code, shown, _ = await saga(market, "show", order_id)
    assert (code, shown["saga"]["phase"], shown["journal"][-1]["message"]) == (0, "NEEDS_ATTENTION", "Refused")
    refusals = len(shown["journal"])

    code, _, _ = await saga(market, "retry", order_id)
    assert code == 0

    async def refused_again() -> bool:
        said = [row["message"] for row in await market.shop.db.pool.fetch(JOURNAL, order_id)]
        return len(said) == refusals + 2 and said[-2:] == ["Retry", "Refused"]

    assert await market.sees(refused_again)
    code, _, _ = await saga(market, "compensate", order_id, "--why", "the bank said no twice")
    assert code == 0
    off = await market.comes_to(buyer, order_id, "CANCELED")
    assert off["why"] == "the bank said no twice"
    assert await market.stock(sku) == (1, 0)
    payment = (await market.admin.get(f"/api/v1/orders/{order_id}/payment")).json()
    shipment = (await market.admin.get(f"/api/v1/orders/{order_id}/shipment")).json()
    assert (payment["status"], shipment["status"]) == ("VOIDED", "CANCELED")
    assert await provider_says(market, order_id) == {"authorization": 1, "void": 1}


async def test_a_paid_order_is_undone_by_hand_and_its_money_goes_back(market: Market) -> None:
    buyer, sku = market.somebody(), await market.goods(stock=1)
    order_id = (await buyer.order(sku)).json()["id"]
    await phase_of(market, order_id, "COMPLETED")
    code, _, _ = await saga(market, "compensate", order_id, "--why", "sold by mistake")
    assert code == 0
    assert (await market.comes_to(buyer, order_id, "CANCELED"))["why"] == "sold by mistake"
    assert await market.stock(sku) == (1, 0)
    payment = (await market.admin.get(f"/api/v1/orders/{order_id}/payment")).json()
    assert (payment["status"], payment["refunded"]) == ("REFUNDED", 12.5)
    assert (await provider_says(market, order_id)).get("refund") == 1


async def test_what_needs_no_mending_is_left_alone(market: Market) -> None:
    buyer = market.somebody()
    order_id = (await buyer.order(await market.goods(stock=1))).json()["id"]
    await phase_of(market, order_id, "COMPLETED")
    told = await asyncio.gather(saga(market, "retry", order_id), saga(market, "show", str(new_id())))
    assert [code for code, _, _ in told] == [1, 1]
    assert "nothing to retry" in told[0][2]
    assert "There is no saga of that id." in told[1][2]
