"""A dump that was restored into another cluster and mended by the guide: partners go on where they were."""

from tests.restoring import as_restored, mending
from tests.webhooks.conftest import ADMIN, Desk, a_name, low
from tradewind.contexts.webhooks.pause_subscription.command import PauseSubscription


async def test_partners_hear_what_is_told_after_a_dump_was_restored_and_what_they_had_not_heard_before(
    desk: Desk,
) -> None:
    name, paused = a_name(), a_name()
    subscription, waiting = await desk.subscribe(name), await desk.subscribe(paused)
    await desk.tell("a")
    await desk.shop.dispatch(PauseSubscription(subscription_id=waiting.id, paused=True), ADMIN)
    await desk.tell("b")
    await as_restored(desk.shop.db.pool)
    await desk.shop.db.pool.execute(mending())
    async with desk.shop.db.transaction(ADMIN) as tx:
        tx.tell(low("c"))
    await desk.shop.dispatch(PauseSubscription(subscription_id=waiting.id, paused=False), ADMIN)
    await desk.work()
    for one in (subscription, waiting):
        assert await desk.statuses(one.id) == [(number, "DELIVERED", 1) for number in (1, 2, 3)]
