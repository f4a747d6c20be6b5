"""RabbitMQ away, dying, or handing out what nobody understands: rows are due by themselves, nothing is lost."""

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.adapters.retry_queue.conftest import DELAYS_S, Rabbits
from tools.engines import launcher
from tools.engines.home import Home
from tradewind.app.free_ports import free_port
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.ports.retry_queue import Due, PutOff, Retry, RetryQueue, RetryQueueAway
from tradewind.runtime.failpoints import arm

pytestmark = pytest.mark.engine("rabbitmq")
HOST = "127.0.0.1"
LATEST = """
    SELECT d.due_at, a.at FROM webhooks.delivery AS d JOIN webhooks.webhook_delivery_attempts AS a
        USING (subscription_id, sequence) WHERE d.subscription_id = $1 AND d.attempts = a.attempt
"""


def a_retry(after_s: float = 0.5) -> PutOff:
    return PutOff(Retry(new_id(), 1), now() + timedelta(seconds=after_s))


async def some(queue: Any) -> Due:
    """What becomes due next."""
    async with asyncio.timeout(60):
        while not (found := await queue.due()).retries:
            pass
    due: Due = found
    return due


async def test_a_broker_that_is_not_there_or_knows_us_not_is_away(rabbits: Rabbits) -> None:
    for url in (f"amqp://guest:guest@{HOST}:{free_port(HOST)}/", rabbits.url.replace("guest:guest", "guest:wrong")):
        away = rabbits.queue(url=url)
        for asked in (away.put_off([a_retry()]), away.due(), away.done(Due(()))):
            with pytest.raises(RetryQueueAway) as refusal:
                await asked
            assert "wrong" not in str(refusal.value)
    await some_declared(rabbits)


async def test_without_the_broker_messages_come_again_once_its_grace_is_over(
    open_desk: Callable[..., Any], rabbits: Rabbits
) -> None:
    nowhere = rabbits.queue(url=f"amqp://guest:guest@{HOST}:{free_port(HOST)}/", grace_s=1.0)
    async with open_desk(nowhere) as desk:
        subscription = await desk.subscribe("flaps")
        desk.partners.next["flaps"].extend([(500, {}), (500, {})])
        await desk.tell("a", "b")
        await desk.settled(subscription, "DELIVERED", "DELIVERED")
        assert sorted(one.sequence for one in desk.partners.heard["flaps"]) == [1, 1, 2, 2]
    await some_declared(rabbits)


async def test_a_row_waits_for_the_queue_until_its_grace_is_over(
    open_desk: Callable[..., Any], rabbits: Rabbits
) -> None:
    async with open_desk(rabbits.queue(grace_s=600.0)) as desk:
        subscription = await desk.subscribe("down")
        desk.partners.down["down"] = 500
        await desk.tell("a")
        while not (row := await desk.shop.db.pool.fetchrow(LATEST, subscription.id)):
            await desk.settled(subscription, "PENDING")
        assert row["due_at"] - row["at"] == timedelta(seconds=600 + DELAYS_S[0])


async def test_what_somebody_took_and_was_not_done_with_comes_to_another(rabbits: Rabbits) -> None:
    doomed, heir = rabbits.queue(), rabbits.queue()
    put = a_retry()
    await doomed.put_off([put])
    assert (await some(doomed)).retries == [put.retry]
    await doomed.close()
    due = await some(heir)
    assert due.retries == [put.retry]
    await heir.done(due)
    assert (await heir.due()).retries == []
    assert await rabbits.messages("due") == 0


async def test_who_loses_the_connection_is_told_and_goes_on_with_the_next_one(rabbits: Rabbits) -> None:
    queue, put = rabbits.queue(), a_retry()
    await queue.put_off([put])
    due = await some(queue)
    await queue.close()
    with pytest.raises(RetryQueueAway):
        await queue.done(due)
    again = await some(queue)
    assert again.retries == [put.retry]
    await queue.done(again)


async def test_what_cannot_be_read_is_a_dead_letter_and_the_others_come(rabbits: Rabbits) -> None:
    queue, put = rabbits.queue(), a_retry()
    await queue.put_off([put])
    for body in (b"\xff", b"[]", b'["no id", 1]'):
        await rabbits.put(body)
    found: list[Retry] = []
    async with asyncio.timeout(60):
        while not found:
            due = await queue.due()
            found += due.retries
            await queue.done(due)
    assert found == [put.retry]
    async with asyncio.timeout(60):
        while await rabbits.messages("dead") < 3:
            await queue.due()


async def test_a_message_of_which_everybody_dies_is_a_dead_letter_after_so_many_times(rabbits: Rabbits) -> None:
    await rabbits.queue().put_off([a_retry()])
    async with asyncio.timeout(120):
        while not await rabbits.messages("dead"):
            doomed = rabbits.queue()
            await doomed.due()
            await doomed.close()


async def test_two_delays_do_not_hold_each_other_up(rabbits: Rabbits) -> None:
    queue, late, soon = rabbits.queue(ladder_s=(1.0, 2.0)), a_retry(1.9), a_retry(0.9)
    await queue.put_off([late])
    await queue.put_off([soon])
    found: list[Retry] = []
    while len(found) < 2:
        due = await some(queue)
        assert all(now() >= one.due_at for one in (late, soon) if one.retry in due.retries)
        found += due.retries
        await queue.done(due)
    assert found == [soon.retry, late.retry]


async def some_declared(rabbits: Rabbits) -> None:
    """The queues, which the end of the test deletes."""
    await rabbits.queue().due()


@pytest.mark.parametrize("step", ["webhooks.before_put_off", "webhooks.before_done"])
async def test_whoever_fails_between_the_row_and_the_queue_has_each_message_tried_once_all_the_same(
    open_desk: Callable[..., Any], rabbits: Rabbits, step: str
) -> None:
    async with open_desk(rabbits.queue(grace_s=2.0)) as desk:
        subscription = await desk.subscribe("flaps")
        desk.partners.next["flaps"].append((500, {}))
        arm({step: "raise"})
        try:
            await desk.tell("a", "a")
            await desk.settled(subscription, "DELIVERED", "DELIVERED")
        finally:
            arm({})
        assert [one.sequence for one in desk.partners.heard["flaps"]] == [1, 1, 2]
    await some_declared(rabbits)
    async with asyncio.timeout(60):
        while await rabbits.messages("due") + await rabbits.messages("wait.1000"):
            await desk.shop.db.peers[RetryQueue].done(await desk.shop.db.peers[RetryQueue].due())


async def test_what_was_not_done_with_comes_first_to_who_has_it(rabbits: Rabbits) -> None:
    queue, put = rabbits.queue(), a_retry()
    await queue.put_off([put])
    first = await some(queue)
    assert (await queue.due()).retries == first.retries == [put.retry]
    await queue.done(first)
    assert (await queue.due()).retries == []


async def test_a_broker_that_is_killed_has_every_retry_when_it_is_back(rabbits: Rabbits) -> None:
    home = Home.of_environment()
    pid = home.pid("rabbitmq")
    if pid is None or str(home.ports("rabbitmq")["port"]) not in rabbits.url:
        pytest.skip("engine: RabbitMQ is not one that make engines started, which may be killed")
    queue, first = rabbits.queue(), a_retry()
    await queue.put_off([first])
    await queue.done(await some(queue))  # by now the queues are known to its disk
    put = [a_retry(1.5) for _ in range(100)]
    await queue.put_off(put)
    os.killpg(pid, signal.SIGKILL)
    while home.pid("rabbitmq") is not None:  # noqa: ASYNC110 -- another's child
        await asyncio.sleep(0.05)
    with pytest.raises(RetryQueueAway):
        await queue.due()
    await asyncio.to_thread(launcher.up, home, ["rabbitmq"], lambda _: None)
    found = set[Retry]()
    async with asyncio.timeout(120):
        while len(found) < len(put):
            due = await some(queue)
            found |= set(due.retries)
            await queue.done(due)
    assert found == {one.retry for one in put}
