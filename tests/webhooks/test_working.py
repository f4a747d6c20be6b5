"""The whole way: a worker at work, its timers, a partner on the wire."""

import asyncio

from tests.shops import until, working
from tests.webhooks.conftest import ADMIN, Desk, a_name, low
from tradewind.contexts.webhooks._delivery.door import TIMEOUT_S, Answer, Door
from tradewind.contexts.webhooks._store.deliveries import AT_ONCE, LEASE_S
from tradewind.kernel.clock import now

HEADERS = {"webhook-id": "1"}
UNDELIVERED = "SELECT count(*) FROM webhooks.delivery WHERE status <> 'DELIVERED'"


async def test_a_worker_delivers_what_is_told_while_it_works_and_what_was_told_before(desk: Desk) -> None:
    name = a_name()
    desk.now = now()
    await desk.subscribe(name)
    async with desk.shop.db.transaction(ADMIN) as tx:
        tx.tell(low("a"))

    async def taken(number: int) -> bool:
        settled = await desk.shop.db.pool.fetchval(UNDELIVERED) == 0
        return settled and len(desk.partners.heard[name]) == number

    async with working(desk.shop):
        await until(desk.shop, lambda: taken(1))
        for letter in "bca":
            async with desk.shop.db.transaction(ADMIN) as tx:
                tx.tell(low(letter))
        await until(desk.shop, lambda: taken(4))
    heard = desk.partners.heard[name]
    assert sorted(one.sequence for one in heard) == [1, 2, 3, 4]
    assert [one.sequence for one in heard if one.event["payload"]["sku"] == "a"] == [1, 4]


async def test_a_slow_partner_holds_up_nobody_else_and_is_hung_up_on_when_its_time_is_over(desk: Desk) -> None:
    slow, well = a_name(), a_name()
    gate = desk.partners.gates[slow] = asyncio.Event()
    subscription, other = await desk.subscribe(slow), await desk.subscribe(well)

    async def others_are_done() -> bool:
        done = await desk.statuses(other.id)
        return len(done) == 100 and {status for _, status, _ in done} == {"DELIVERED"}

    async with working(desk.shop):
        async with desk.shop.db.transaction(ADMIN) as tx:
            tx.tell(*(low(chr(1_000 + n)) for n in range(100)))
        await until(desk.shop, others_are_done)
        waiting = await desk.statuses(subscription.id)
        assert {status for _, status, _ in waiting} == {"PENDING"}, "none of its own was answered meanwhile"
        assert 0 < len(desk.partners.heard[slow]) <= AT_ONCE
        gate.set()
    assert (TIMEOUT_S, TIMEOUT_S < LEASE_S) == (15.0, True)
    impatient = Door(("127.0.0.0/8",), timeout_s=0.2)
    desk.partners.gates[slow] = asyncio.Event()
    try:
        assert await impatient.post(f"{desk.partners.url}/{slow}", HEADERS, b"{}") == Answer(None, "no answer in time")
    finally:
        desk.partners.gates[slow].set()
        await impatient.close()
