"""R10: the provider's notice, its answer and the buyer's return race each other; one capture, one state, no error."""

import asyncio
import os
import random
from collections import Counter
from typing import Any, Final

import pytest

from tests.challenges import answer, provider_tells
from tests.journeys.test_trouble import provider_says
from tests.markets import Market, Person, kinds

pytestmark = pytest.mark.xdist_group("journeys")
TRIALS: Final = int(os.environ.get("TRADEWIND_TRIALS", "60"))
AT_ONCE: Final = 6
TELLINGS: Final = ("before", "at", "after", "doubled", "processing", "late", "never")
VERIFY: Final = "/api/v1/orders/{}/payment/verify"
ONE_OF_EACH: Final = (
    "payment.payment.authorized",
    "payment.payment.captured",
    "order.order.confirmed",
    "order.order.paid",
)


async def comes_back(buyer: Person, order_id: str, barrier: asyncio.Barrier) -> Any:
    await barrier.wait()
    await asyncio.sleep(random.random() / 50)  # the race itself: within the time that a notice takes
    return await buyer.post(VERIFY.format(order_id), Prefer="wait=20")


async def confirms(url: str, barrier: asyncio.Barrier) -> None:
    await barrier.wait()
    await answer(url, "confirm")


async def challenged(market: Market, sku: str, telling: str) -> None:
    buyer = market.somebody("customer")
    order = (await buyer.order(sku, pays=f"challenge-{telling}")).json()
    barrier = asyncio.Barrier(3)
    returns = [comes_back(buyer, order["id"], barrier) for _ in range(2)]
    _, *answers = await asyncio.gather(confirms(order["nextAction"]["url"], barrier), *returns)
    assert [one.status_code for one in answers] == [202, 202]
    if telling == "never":
        await buyer.post(VERIFY.format(order["id"]))
    await is_paid_once(market, buyer, order["id"])


async def told(market: Market, sku: str, telling: str) -> None:
    buyer = market.somebody("customer")
    answered = await buyer.order(sku, pays=f"notice-{telling}" if telling != "never" else "approve")
    assert answered.status_code == 201, answered.text
    back = await buyer.post(VERIFY.format(answered.json()["id"]))
    assert back.status_code == 202, back.text
    await is_paid_once(market, buyer, answered.json()["id"])


async def is_paid_once(market: Market, buyer: Person, order_id: str) -> None:
    await market.comes_to(buyer, order_id, "PAID")
    assert await provider_says(market, order_id) == {"authorization": 1, "capture": 1}
    counted = Counter(kinds(await market.events(order_id)))
    assert [counted[kind] for kind in ONE_OF_EACH] == [1, 1, 1, 1], counted


async def test_however_notice_answer_and_return_race_there_is_one_capture_and_one_state(market: Market) -> None:
    await provider_tells(market)
    sku = await market.goods(stock=TRIALS)
    room = asyncio.Semaphore(AT_ONCE)

    async def trial(number: int) -> None:
        async with room:
            await (challenged, told)[number % 2](market, sku, TELLINGS[number // 2 % len(TELLINGS)])

    await asyncio.gather(*(trial(number) for number in range(TRIALS)))
    assert await market.stock(sku) == (0, 0)
    notices = await market.money_pool.fetchval("SELECT count(*) FROM payments.notice")
    print(f"{TRIALS} races of notice, answer and return, {notices} notices: one capture each, 0 errors")
    assert notices >= TRIALS // 4


@pytest.mark.parametrize("telling", ["late", "never"])
async def test_a_notice_after_the_order_was_called_off_changes_nothing(market: Market, telling: str) -> None:
    await provider_tells(market)
    buyer, sku = market.somebody("customer"), await market.goods(stock=1)
    order = (await buyer.order(sku, pays=f"challenge-{telling}")).json()
    off = await buyer.post(f"/api/v1/orders/{order['id']}/cancel", Prefer="wait=20")
    assert off.json()["status"] == "CANCELED"
    await answer(order["nextAction"]["url"], "confirm")
    back = await buyer.post(VERIFY.format(order["id"]), Prefer="wait=5")
    assert (back.status_code, back.json()["status"]) == (202, "CANCELED")
    assert (await provider_says(market, order["id"])).keys() <= {"void"}
    assert await market.stock(sku) == (1, 0)
