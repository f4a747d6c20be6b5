"""Whatever retries wait in: they come once their time has come, in order per key, once each, and end as letters."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from tests.adapters.retry_queue.conftest import DELAYS_S, Desk
from tradewind.contexts.webhooks._store.deliveries import hurry
from tradewind.contracts.webhooks import WebhookDeliveryFailed
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.ports.retry_queue import PutOff, Retry, RetryQueue
from tradewind.runtime.call import internal_call

ATTEMPTS = """
    SELECT attempt, at FROM webhooks.webhook_delivery_attempts WHERE subscription_id = $1 AND sequence = $2 ORDER BY id
"""
TOLD = "SELECT count(*) FROM runtime.outbox WHERE type = $1"


async def test_a_message_that_is_not_taken_comes_again_after_its_delay_and_what_follows_it_waits(
    open_desk: Callable[..., Any], queue: RetryQueue
) -> None:
    async with open_desk(queue) as desk:
        subscription = await desk.subscribe("flaps")
        desk.partners.next["flaps"].extend([(500, {}), (503, {})])
        await desk.tell("a")
        await desk.settled(subscription, "PENDING")
        await desk.tell("a", "a")
        await desk.settled(subscription, "DELIVERED", "DELIVERED", "DELIVERED")
        heard = desk.partners.heard["flaps"]
        assert [one.sequence for one in heard] == [1, 1, 1, 2, 3]
        assert len({one.id for one in heard[:3]}) == 1
        await none_before_its_time(desk, subscription.id)


async def test_a_partner_that_is_down_hears_of_a_message_by_the_plan_and_then_it_is_a_letter(
    open_desk: Callable[..., Any], queue: RetryQueue
) -> None:
    async with open_desk(queue) as desk:
        subscription = await desk.subscribe("down")
        desk.partners.down["down"] = 500
        await desk.tell("a", "b")
        await desk.settled(subscription, "DEAD", "DEAD")
        assert [attempts for _, _, attempts in await desk.rows(subscription)] == [len(DELAYS_S) + 1] * 2
        assert len(desk.partners.heard["down"]) == 2 * (len(DELAYS_S) + 1)
        assert await desk.shop.db.pool.fetchval(TOLD, WebhookDeliveryFailed.TYPE) == 2
        await none_before_its_time(desk, subscription.id)


async def test_what_is_put_off_twice_is_tried_once_and_what_nobody_waits_for_never(
    open_desk: Callable[..., Any], queue: RetryQueue
) -> None:
    async with open_desk(queue) as desk:
        subscription = await desk.subscribe("once")
        desk.partners.next["once"].append((500, {}))
        soon = now() + timedelta(seconds=1)
        same = PutOff(Retry(subscription.id, 1), soon)
        strangers = [PutOff(Retry(*one), soon) for one in [(new_id(), 1), (subscription.id, 9)]]
        await queue.put_off([same, same, *strangers])
        await desk.tell("a")
        await desk.settled(subscription, "DELIVERED")
        await queue.put_off([same])
        await desk.tell("b")
        desk.partners.next["once"].append((500, {}))
        await desk.settled(subscription, "DELIVERED", "DELIVERED")
        assert [one.sequence for one in desk.partners.heard["once"]].count(1) == 2
        await none_before_its_time(desk, subscription.id)


async def test_the_queue_makes_no_row_due_before_its_time(open_desk: Callable[..., Any], queue: RetryQueue) -> None:
    async with open_desk(queue) as desk:
        subscription = await desk.subscribe("patient")
        desk.partners.next["patient"].append((503, {"Retry-After": "3000"}))
        await desk.tell("a")
        await desk.settled(subscription, "PENDING")
        while await desk.rows(subscription) != [(1, "PENDING", 1)]:
            await desk.settled(subscription, "PENDING")
        async with desk.shop.db.transaction(internal_call("test")) as tx:
            assert await hurry(tx, [Retry(subscription.id, 1)], queue.grace_s) == 0


async def none_before_its_time(desk: Desk, id_: UUID) -> None:
    """Between any two attempts at a message lies its delay."""
    for sequence in (1, 2, 3):
        rows = await desk.shop.db.pool.fetch(ATTEMPTS, id_, sequence)
        assert [row["attempt"] for row in rows] == list(range(1, len(rows) + 1))
        for one, other in pairwise(rows):
            assert other["at"] - one["at"] >= timedelta(seconds=DELAYS_S[one["attempt"] - 1])
