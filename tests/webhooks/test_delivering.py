"""Row 6: partners that are down, flap, are gone, are slow or lead elsewhere; the clock is held, the wire is real."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.shops import open_shop
from tests.webhooks.conftest import ADMIN, START, TYPE, Desk, a_name, low
from tradewind.app.audit import audit
from tradewind.app.commands.dlq import list_letters, redrive_letter, show_letter
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.webhooks._delivery import crew, watch
from tradewind.contexts.webhooks._delivery.crew import Crew
from tradewind.contexts.webhooks._store.deliveries import RUN
from tradewind.contexts.webhooks.list_deliveries.query import ListDeliveries
from tradewind.contexts.webhooks.pause_subscription.command import PauseSubscription
from tradewind.contexts.webhooks.redeliver.command import NothingAskedFor, Redeliver
from tradewind.contexts.webhooks.rotate_secret.command import RotateSecret
from tradewind.contracts.dead_letters import NoSuchDeadLetter
from tradewind.contracts.webhooks import WebhookDeliveryFailed
from tradewind.kernel.clock import held, now
from tradewind.runtime.failpoints import arm
from tradewind.runtime.telemetry import logs, metrics

PLAN = [0, 30, 150, 450, 1_350, 3_150]
"""Seconds from the first attempt to each one: 30 s, 2, 5, 15 and 30 minutes after the one before."""


async def test_a_partner_that_is_down_is_asked_by_the_plan_to_the_second_and_then_no_more(desk: Desk) -> None:
    dead, well = a_name(), a_name()
    subscription, other = await desk.subscribe(dead), await desk.subscribe(well)
    desk.partners.down[dead] = 500
    await desk.tell("a")
    for delay in (30, 120, 300, 900, 1_800):
        before = len(desk.partners.heard[dead])
        await desk.later(delay - 1)
        assert len(desk.partners.heard[dead]) == before, f"asked a second before {delay} s were over"
        await desk.later(1)
        assert len(desk.partners.heard[dead]) == before + 1, f"not asked after {delay} s"
    await desk.later(86_400)
    heard = desk.partners.heard[dead]
    assert [(one.at - START).total_seconds() for one in heard] == PLAN
    assert len({one.id for one in heard}) == len({one.body for one in heard}) == 1
    assert await desk.statuses(subscription.id) == [(1, "DEAD", 6)]
    assert await desk.statuses(other.id) == [(1, "DELIVERED", 1)]
    (told,) = map(msgspec.json.decode, await desk.told(WebhookDeliveryFailed.TYPE))
    assert told == {
        "subscriptionId": str(subscription.id), "eventId": heard[0].id, "attempts": 6, "reason": "HTTP 500",
    }  # fmt: skip


async def test_while_a_partner_is_down_for_an_hour_order_per_key_holds_and_other_keys_and_partners_go_on(
    desk: Desk,
) -> None:
    dead, well = a_name(), a_name()
    await desk.subscribe(dead)
    await desk.subscribe(well)
    desk.partners.down[dead] = 503
    desk.partners.holds[well] = 1, 3
    await desk.tell("a", "a", "b")
    heard = [one.sequence for one in desk.partners.heard[well]]
    assert (sorted(heard[:2]), heard[2:]) == ([1, 3], [2]), "a's second waits for a's first, b's for neither"
    for _ in range(60):
        await desk.later(60)
    del desk.partners.down[dead]
    asked = len(desk.partners.heard[dead])
    await desk.tell("b", "a")
    await desk.later(3_600)
    taken = desk.partners.heard[dead][asked:]
    of_a = [one.sequence for one in taken if one.event["payload"]["sku"] == "a"]
    assert of_a == sorted(of_a)
    assert of_a[-1] == 5
    assert [one.sequence for one in desk.partners.heard[well] if one.event["payload"]["sku"] == "a"] == [1, 2, 5]
    assert all(one.at <= START for one in desk.partners.heard[well][:3])


async def test_while_one_is_on_its_way_the_next_of_its_key_waits_and_that_of_another_key_does_not(desk: Desk) -> None:
    name = a_name()
    await desk.subscribe(name)
    gate = desk.partners.gates[name] = asyncio.Event()
    with held(desk.now):
        async with desk.shop.db.transaction(ADMIN) as tx:
            tx.tell(low("a"), low("a"), low("b"))
        while len(desk.partners.heard[name]) < 2:
            await desk.crew.turn(desk.shop.db)
        await desk.crew.turn(desk.shop.db)
        assert sorted(one.sequence for one in desk.partners.heard[name]) == [1, 3]
        gate.set()
        await desk.crew.returned()
        await desk.work()
    assert [one.sequence for one in desk.partners.heard[name]][2:] == [2]


async def test_one_that_flaps_gets_each_message_once_more_per_failure_and_never_out_of_order(desk: Desk) -> None:
    name = a_name()
    subscription = await desk.subscribe(name)
    desk.partners.next[name].extend([(500, {}), (204, {}), (502, {}), (204, {})])
    await desk.tell("a", "a", "a")
    await desk.later(30)
    await desk.later(30)
    assert [one.sequence for one in desk.partners.heard[name]] == [1, 1, 2, 2, 3]
    assert await desk.statuses(subscription.id) == [(1, "DELIVERED", 2), (2, "DELIVERED", 2), (3, "DELIVERED", 1)]


async def test_messages_of_one_key_go_one_after_the_other_without_a_turn_between_them_as_long_as_each_is_taken(
    desk: Desk,
) -> None:
    name = a_name()
    subscription = await desk.subscribe(name)
    await desk.tell("b")
    async with desk.shop.db.transaction(ADMIN) as tx:
        tx.tell(*(low("a") for _ in range(RUN + 2)), low("b"))
    desk.partners.next[name].extend([(204, {})] * 5 + [(500, {})])
    with held(desk.now):
        while await desk.count() < RUN + 4:
            await desk.crew.turn(desk.shop.db)
        await desk.crew.returned()
        heard = [one.sequence for one in desk.partners.heard[name]]
        assert len(heard) == 7, "a run ends at the first that is not taken"
        await desk.work()
    assert [one.sequence for one in desk.partners.heard[name]] == heard, "and what was left of it is let go, not sent"
    await desk.later(30)
    of_a = [one.sequence for one in desk.partners.heard[name] if one.event["payload"]["sku"] == "a"]
    failed = of_a[[a == b for a, b in pairwise(of_a)].index(True)]
    assert of_a == sorted([*range(2, RUN + 4), failed]), "in order, the one that failed twice"
    statuses = await desk.statuses(subscription.id)
    assert [attempts for _, _, attempts in statuses if attempts != 1] == [2]
    assert {status for _, status, _ in statuses} == {"DELIVERED"}


async def test_what_waits_for_one_of_its_key_goes_out_with_the_turn_that_records_that_one(desk: Desk) -> None:
    name = a_name()
    await desk.subscribe(name)
    gate = desk.partners.gates[name] = asyncio.Event()
    with held(desk.now):
        for number in (1, 2):
            async with desk.shop.db.transaction(ADMIN) as tx:
                tx.tell(low("a"))
            while await desk.count() < number:
                await desk.crew.turn(desk.shop.db)
        await desk.crew.turn(desk.shop.db)
        gate.set()
        await desk.crew.returned()
        assert [one.sequence for one in desk.partners.heard[name]] == [1]
        desk.crew._claim_at_s = float("inf")  # nobody looks for what waits, unless told that something does
        async with desk.shop.db.transaction(ADMIN) as tx:
            tx.tell(low("b"))
        while await desk.count() < 3:
            await desk.crew.turn(desk.shop.db)
        await desk.crew.returned()
    assert sorted(one.sequence for one in desk.partners.heard[name]) == [1, 2, 3]


async def test_order_per_key_is_lost_where_a_planted_bug_goes_on_after_a_failure_and_the_audit_sees_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "planted", lambda name: name == "webhook_order_forgotten")
    name = a_name()
    await desk.subscribe(name)
    async with desk.shop.db.transaction(ADMIN) as tx:
        tx.tell(*(low("a") for _ in range(3)))
    desk.partners.next[name].append((500, {}))
    while await desk.count() < 3:
        await desk.work()
    await desk.later(30)
    assert [one.sequence for one in desk.partners.heard[name]] == [1, 2, 3, 1]
    report = await audit(desk.shop.engines.database_url, None)
    assert [check.name for check in report.checks if not check.ok] == ["order at partners"]


async def test_a_message_whose_partner_failed_is_lost_where_a_planted_bug_marks_it_before_the_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "planted", lambda name: name == "webhook_marked_before_answer")
    name = a_name()
    subscription = await desk.subscribe(name)
    desk.partners.next[name].append((500, {}))
    await desk.tell("a")
    await desk.later(30)
    assert await desk.statuses(subscription.id) == [(1, "DELIVERED", 1)]
    assert len(desk.partners.heard[name]) == 1, "it was refused once and never sent again"


async def test_410_ends_it_and_resuming_goes_on_where_it_stopped(desk: Desk) -> None:
    name = a_name()
    subscription = await desk.subscribe(name)
    desk.partners.next[name].append((410, {}))
    await desk.tell("a", "a")
    assert await desk.statuses(subscription.id) == [(1, "DEAD", 1), (2, "PENDING", 0)]
    async with desk.shop.db.transaction(ADMIN) as tx:
        status = await tx.value("SELECT status FROM webhooks.webhook_subscriptions WHERE id = $1", subscription.id)
    assert status == "DISABLED"
    await desk.later(86_400)
    assert len(desk.partners.heard[name]) == 1, "who is gone is not asked"
    await desk.shop.dispatch(PauseSubscription(subscription_id=subscription.id, paused=False), ADMIN)
    await desk.work()
    assert [one.sequence for one in desk.partners.heard[name]] == [1, 2]


async def test_what_happens_during_a_pause_is_told_after_it_without_a_gap(desk: Desk) -> None:
    name, other = a_name(), a_name()
    subscription = await desk.subscribe(name)
    await desk.subscribe(other)
    await desk.tell("a")
    await desk.shop.dispatch(PauseSubscription(subscription_id=subscription.id, paused=True), ADMIN)
    await desk.tell("b", "c")
    assert len(desk.partners.heard[name]) == 1
    await desk.shop.dispatch(PauseSubscription(subscription_id=subscription.id, paused=False), ADMIN)
    await desk.work()
    assert sorted(one.sequence for one in desk.partners.heard[name]) == [1, 2, 3]


async def test_a_redirect_to_a_private_address_is_a_failure_and_nobody_goes_there(desk: Desk) -> None:
    name, inside = a_name(), a_name()
    subscription = await desk.subscribe(name)
    for code in (301, 302, 307, 308):
        desk.partners.next[name].append((code, {"Location": f"{desk.partners.url}/{inside}"}))
    await desk.tell("a", "b", "c", "d")
    assert desk.partners.heard[inside] == []
    assert [status for _, status, _ in await desk.statuses(subscription.id)] == ["PENDING"] * 4


async def test_one_that_hangs_up_without_an_answer_is_tried_again_and_holds_up_nobody_else(desk: Desk) -> None:
    slow, well = a_name(), a_name()
    subscription, other = await desk.subscribe(slow), await desk.subscribe(well)
    desk.partners.silent.add(slow)
    await desk.tell("a")
    assert await desk.statuses(subscription.id) == [(1, "PENDING", 1)]
    assert await desk.statuses(other.id) == [(1, "DELIVERED", 1)]


async def test_whoever_dies_between_answer_and_record_leaves_the_same_webhook_id_to_the_next(
    desk: Desk, settings: Settings, own_engines: Engines
) -> None:
    name = a_name()
    subscription = await desk.subscribe(name)
    arm({"webhooks.before_record": "raise"})
    try:
        await desk.tell("a")
    finally:
        arm({})
    assert await desk.statuses(subscription.id) == [(1, "PENDING", 0)]
    async with open_shop(desk.shop.settings, own_engines, connections=2) as next_one:
        others = next_one.db.peers[Crew]
        assert isinstance(others, Crew)
        for seconds, times in ((29, 1), (30, 2)):
            with held(START + timedelta(seconds=seconds)):
                while await others.turn(next_one.db):
                    await others.returned()
            assert len(desk.partners.heard[name]) == times, "the lease of the dead is over after 30 s, not before"
    first, second = desk.partners.heard[name]
    assert first.id == second.id
    assert first.at < second.at
    assert await desk.statuses(subscription.id) == [(1, "DELIVERED", 1)]


async def test_messages_are_signed_as_the_standard_says_and_with_both_secrets_for_a_day(desk: Desk) -> None:
    name = a_name()
    old = await desk.subscribe(name)
    new = await desk.shop.dispatch(RotateSecret(subscription_id=old.id), ADMIN)
    stored = await desk.shop.db.pool.fetchrow("SELECT secret, old_secret FROM webhooks.webhook_subscriptions")
    assert all(one.secret.encode() not in stored[n] for n in (0, 1) for one in (old, new)), "sealed at rest"
    desk.now = now()
    await desk.tell("a")
    (heard,) = desk.partners.heard[name]
    headers = {key.lower(): value for key, value in heard.headers.items()}
    for one in (old, new):
        assert Webhook(one.secret).verify(heard.body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new.secret).verify(heard.body + b" ", headers)
    assert len(headers["x-bv-signature"].split(",")) == 2
    await desk.later(2 * 86_400)
    await desk.tell("b")
    assert len(desk.partners.heard[name][1].headers["webhook-signature"].split(" ")) == 1


async def test_redelivery_of_one_and_from_an_offset_has_the_ids_and_numbers_of_the_first_time(desk: Desk) -> None:
    name = a_name()
    subscription = await desk.subscribe(name)
    await desk.tell("a", "b", "c")
    with pytest.raises(NothingAskedFor):
        await desk.shop.dispatch(Redeliver(subscription_id=subscription.id), ADMIN)
    first = {one.sequence: one.id for one in desk.partners.heard[name]}
    with held(desk.now):
        count = await desk.shop.dispatch(Redeliver(subscription_id=subscription.id, since=2), ADMIN)
    assert count.count == 2
    await desk.work()
    again = desk.partners.heard[name][3:]
    assert {one.sequence: one.id for one in again} == {2: first[2], 3: first[3]}
    page = await desk.shop.dispatch(ListDeliveries(subscription_id=subscription.id), ADMIN)
    assert [(one.sequence, one.status, len(one.log)) for one in page.items] == [
        (1, "DELIVERED", 1), (2, "DELIVERED", 2), (3, "DELIVERED", 2),
    ]  # fmt: skip


async def test_a_filter_lets_through_what_it_names_and_numbers_have_no_gaps(desk: Desk) -> None:
    name = a_name()
    await desk.subscribe(name, filter={"sku": ["b", "d"]})
    await desk.subscribe(a_name())
    for keys in ("a", "b", "c", "d"):
        async with desk.shop.db.transaction(ADMIN) as tx:
            tx.tell(low(keys))
    while await desk.count() < 6:
        await desk.work()
    assert [(one.sequence, one.event["payload"]["sku"]) for one in desk.partners.heard[name]] == [(1, "b"), (2, "d")]
    assert desk.partners.heard[name][0].event["eventType"] == TYPE


async def test_a_dead_letter_is_seen_and_redriven_like_anybody_elses_once_and_in_the_trail(desk: Desk) -> None:
    name = a_name()
    subscription = await desk.subscribe(name)
    desk.partners.down[name] = 410
    await desk.tell("a")
    del desk.partners.down[name]
    (letter,) = await list_letters([desk.shop], 10)
    heard = desk.partners.heard[name][0]
    assert (letter.id, letter.consumer, str(letter.event_id)) == (f"webhooks/{subscription.id}/1", "webhooks", heard.id)
    assert (letter.type, letter.reason, letter.attempts) == (TYPE, "HTTP 410", 1)
    assert (await show_letter([desk.shop], letter.id)).payload is not None
    await desk.shop.dispatch(PauseSubscription(subscription_id=subscription.id, paused=False), ADMIN)
    with held(desk.now):
        await redrive_letter([desk.shop], letter.id)
        with pytest.raises(NoSuchDeadLetter):
            await redrive_letter([desk.shop], letter.id)
    await desk.work()
    assert [one.id for one in desk.partners.heard[name]] == [heard.id] * 2
    assert await list_letters([desk.shop], 10) == []
    trail = "SELECT subject FROM runtime.audit_entry WHERE action = 'dead_letters.redrive'"
    assert [row[0] for row in await desk.shop.db.pool.fetch(trail)] == [letter.id]


async def test_what_waits_is_measured_retries_are_counted_and_a_backlog_raises_an_alarm(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = a_name()
    alarms: list[tuple[str, int]] = []
    subscription = await desk.subscribe(name)
    monkeypatch.setattr(logs.log, "error", lambda event, **facts: alarms.append((event, facts["waiting"])))
    desk.partners.down[name] = 500
    before = metrics.webhook_retry_attempts_total._value.get()
    await desk.tell("a", "a")
    alarm = ("webhook backlog grows", 2)
    for seconds, alarmed in ((30, []), (271, [alarm])):
        await desk.later(seconds)
        with held(desk.now):
            async with desk.shop.db.transaction(ADMIN) as tx:
                await watch.watch(tx)
        assert alarms == alarmed
    assert metrics.webhook_backlog._value.get() == 2
    assert metrics.webhook_oldest_waiting_seconds._value.get() == 301
    assert metrics.webhook_retry_attempts_total._value.get() - before == 2
    assert await desk.statuses(subscription.id) == [(1, "PENDING", 3), (2, "PENDING", 0)]


async def test_what_was_taken_is_forgotten_after_a_month_and_dead_letters_stay(desk: Desk) -> None:
    name = a_name()
    subscription = await desk.subscribe(name)
    desk.partners.next[name].extend([(204, {}), (410, {})])
    await desk.tell("a", "a")
    for days, left in ((29, [(1, "DELIVERED", 1), (2, "DEAD", 1)]), (31, [(2, "DEAD", 1)])):
        with held(START + timedelta(days=days)):
            async with desk.shop.db.transaction(ADMIN) as tx:
                await watch.purge(tx)
        assert await desk.statuses(subscription.id) == left
