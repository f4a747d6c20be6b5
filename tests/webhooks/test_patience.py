"""R13: partners who ask for patience, answer too late, or fail so often that they are left alone for a while."""

import asyncio
from datetime import timedelta

from tests.webhooks.conftest import ADMIN, Desk, a_name
from tradewind.contexts.webhooks._delivery.door import Door
from tradewind.contexts.webhooks.list_deliveries.query import ListDeliveries


async def test_retry_after_is_honoured_where_it_asks_for_more_than_the_plan(desk: Desk) -> None:
    name = a_name()
    await desk.subscribe(name)
    desk.partners.next[name].append((429, {"Retry-After": "200"}))
    await desk.tell("a")
    await desk.later(199)
    assert len(desk.partners.heard[name]) == 1
    await desk.later(1)
    assert len(desk.partners.heard[name]) == 2


async def test_the_plan_counts_where_retry_after_asks_for_less_or_for_more_than_an_hour(desk: Desk) -> None:
    hasty, slow = a_name(), a_name()
    await desk.subscribe(hasty)
    await desk.subscribe(slow)
    desk.partners.next[hasty].append((429, {"Retry-After": "5"}))
    desk.partners.next[slow].append((503, {"Retry-After": "86400"}))
    await desk.tell("a")
    for seconds, times in ((29, (1, 1)), (1, (2, 1)), (3_569, (2, 1)), (1, (2, 2))):
        await desk.later(seconds)
        assert (len(desk.partners.heard[hasty]), len(desk.partners.heard[slow])) == times, desk.now


async def test_a_partner_that_asks_for_patience_is_begun_no_other_message_meanwhile(desk: Desk) -> None:
    name = a_name()
    await desk.subscribe(name)
    desk.partners.next[name].append((429, {"Retry-After": "60"}))
    await desk.tell("a")
    await desk.tell("b")
    await desk.later(59)
    assert [one.sequence for one in desk.partners.heard[name]] == [1]
    await desk.later(1)
    assert sorted(one.sequence for one in desk.partners.heard[name]) == [1, 1, 2]


async def test_an_answer_that_comes_after_the_time_is_over_counts_for_nothing_and_the_same_message_comes_again(
    desk: Desk,
) -> None:
    name = a_name()
    subscription = await desk.subscribe(name)
    door = desk.shop.db.peers[Door]
    assert isinstance(door, Door)
    door.timeout_s = 0.3
    gate = desk.partners.gates[name] = asyncio.Event()
    await desk.tell("a")
    gate.set()
    assert await desk.statuses(subscription.id) == [(1, "PENDING", 1)]
    await desk.later(30)
    first, second = desk.partners.heard[name]
    assert (first.id, first.body) == (second.id, second.body)
    assert second.at - first.at == timedelta(seconds=30)
    assert await desk.statuses(subscription.id) == [(1, "DELIVERED", 2)]
    page = await desk.shop.dispatch(ListDeliveries(subscription_id=subscription.id), ADMIN)
    assert [one.outcome for one in page.items[0].log] == ["no answer in time", "HTTP 204"]


async def test_what_is_not_a_date_nor_a_number_asks_for_nothing(desk: Desk) -> None:
    name = a_name()
    await desk.subscribe(name)
    desk.partners.next[name].extend([(429, {"Retry-After": "soon"}), (503, {"Retry-After": "-1"})])
    await desk.tell("a")
    await desk.later(30)
    await desk.later(120)
    assert len(desk.partners.heard[name]) == 3


async def test_after_five_failures_in_a_row_no_new_message_is_begun_for_half_a_minute(desk: Desk) -> None:
    name = a_name()
    await desk.subscribe(name)
    desk.partners.down[name] = 500
    await desk.tell("a", "b", "c", "d", "e")
    assert len(desk.partners.heard[name]) == 5
    await desk.tell("f")
    assert len(desk.partners.heard[name]) == 5, "the circuit is open"
    await desk.later(30)
    assert len(desk.partners.heard[name]) == 11, "the five are due by their plan, and one more is tried"
