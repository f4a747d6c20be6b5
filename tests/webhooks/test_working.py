"""The whole way: a worker at work, its timers, a partner on the wire."""

from tests.shops import until, working
from tests.webhooks.conftest import ADMIN, Desk, a_name, low
from tradewind.kernel.clock import now

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
