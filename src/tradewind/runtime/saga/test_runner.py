"""The runner: every saga ends, whatever its steps say, whoever dies, whoever comes late, whoever changes their mind."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID

import pytest

from tests.counters import on_behalf
from tests.trips import AFTER_ALL, UNDONE, Trips
from tradewind.kernel.ids import new_id
from tradewind.runtime.saga import signals, store
from tradewind.runtime.saga.advance import Compensate, Retry
from tradewind.runtime.saga.definition import Saga, UnknownVersion
from tradewind.runtime.saga.runner import LEASE_S, Runner
from tradewind.runtime.saga.settling import Booking
from tradewind.runtime.saga.working import Working

RUN_OUT: Final = "UPDATE runtime.saga SET lease_until = '-infinity' WHERE id = $1"
BACKDATE: Final = "UPDATE runtime.saga SET started_at = now() - interval '2 days'"
LET_GO: Final = "SELECT fence = 1 AND lease_until = '-infinity' FROM runtime.saga WHERE id = $1"
MAKE_READY: Final = "UPDATE public.trip SET ready = true WHERE id = $1"
TERMINATE: Final = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'tradewind'
"""
Arm = Callable[[dict[str, str]], None]


async def test_a_saga_that_hears_only_yes_does_each_step_once(trips: Trips) -> None:
    saga = trips.saga()
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.until_phase("COMPLETED")
    assert await trips.log(trip) == AFTER_ALL
    assert await trips.journal(trip) == [(label, "Done") for label in AFTER_ALL]
    assert trips.asked == [f"{trip}/pay/0", f"{trip}/thank/0"]


@pytest.mark.parametrize(
    ("script", "undone"),
    [
        ({"book": ["no"]}, ["end"]),
        ({"pay": ["no"]}, ["book", "undo_book", "end"]),
        ({"confirm": ["no"]}, ["book", "pay", *UNDONE]),
        ({"pay": ["away", "fails", "breaks"]}, ["book", *UNDONE]),  # three attempts, and silence may hide a yes
        ({"confirm": ["breaks"] * 6}, ["book", "pay", "undo_confirm", *UNDONE]),  # once on the way, uncounted
    ],
    ids=repr,
)
async def test_what_was_done_is_undone_in_reverse(
    trips: Trips, script: dict[str, list[str]], undone: list[str]
) -> None:
    trips.script.update({label: list(words) for label, words in script.items()})
    saga = trips.saga()
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.until_phase("FAILED")
    assert await trips.log(trip) == [label for label in undone if label != "undo_confirm"]
    [end] = trips.ended
    refused = ["no"] in script.values()
    assert (end.refused, end.why) == (refused, "no" if refused else end.why)
    assert (await trips.row(trip))["due_at"] is None


async def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_key(trips: Trips) -> None:
    trips.script.update(pay=["away", "away"])
    saga = trips.saga()
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.until_phase("COMPLETED")
    assert trips.asked == [f"{trip}/pay/0"] * 3 + [f"{trip}/thank/0"]


async def test_a_call_that_never_returns_is_an_unknown_outcome(trips: Trips) -> None:
    trips.gates["pay"] = asyncio.Event()
    saga = trips.saga(pay_within=0.05, pay_attempts=2)
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.until_phase("FAILED")
    assert await trips.log(trip) == ["book", *UNDONE]


async def test_one_that_breaks_does_not_break_its_neighbours(trips: Trips) -> None:
    trips.script.update(book=["yes"] * 7 + ["breaks"] * 12, pay=["no", "away"])
    saga = trips.saga()
    await trips.begin(saga, 100)
    async with trips.running(saga):
        await trips.until_phase("COMPLETED", 99)
        await trips.until_phase("FAILED", 1)
    assert len({key for key in trips.asked if "/pay/" in key}) == 100


async def test_a_dead_runners_sagas_are_carried_on_by_another(trips: Trips) -> None:
    saga = trips.saga()
    trips.gates["pay"] = asyncio.Event()
    [trip] = await trips.begin(saga)
    async with trips.running(saga, lease_s=0.2):
        await trips.reached["pay"].wait()
    trips.gates.clear()
    async with trips.running(saga):
        await trips.until_phase("COMPLETED")
    assert await trips.log(trip) == AFTER_ALL
    assert trips.asked == [f"{trip}/pay/0"] * 2 + [f"{trip}/thank/0"]


async def a_late_answer(trips: Trips) -> list[str]:
    """A runner is paused in its call; another ends the saga; the first one's answer comes late. What is said of it."""
    saga = trips.saga()
    late = trips.gates["pay"] = asyncio.Event()
    [trip] = await trips.begin(saga)
    async with trips.running(saga, lease_s=0.1, paused=True) as zombie:
        await trips.reached["pay"].wait()
        del trips.gates["pay"]
        async with trips.running(saga):
            await trips.until_phase("COMPLETED")
        trips.script["pay"] = ["fails"]
        late.set()
        await trips.until(lambda: gone(zombie, trip))
    assert trips.asked.count(f"{trip}/pay/0") == 2
    return [message for _, message in await trips.journal(trip)]


async def gone(runner: Runner, trip: UUID) -> bool:
    return trip not in runner._held


async def test_a_paused_runners_late_write_is_refused(trips: Trips) -> None:
    assert await a_late_answer(trips) == ["Done"] * 4
    assert await trips.db.pool.fetchval("SELECT phase FROM runtime.saga") == "COMPLETED"


async def test_without_the_fence_a_late_write_gets_through(trips: Trips, plant: Callable[[str], None]) -> None:
    plant("write_without_fence")
    assert "Failed" in await a_late_answer(trips)


@pytest.mark.parametrize("label", AFTER_ALL)
@pytest.mark.parametrize("where", ["begin", "before_ask", "after_ask", "before_commit", "after_commit"])
async def test_a_break_at_any_boundary_is_carried_over(trips: Trips, arm: Arm, label: str, where: str) -> None:
    saga = trips.saga()
    [trip] = await trips.begin(saga)
    arm({f"saga.{label}.{where}": "raise@1"})
    async with trips.running(saga, lease_s=0.1):
        await trips.until_phase("COMPLETED")
    assert await trips.log(trip) == AFTER_ALL, "each effect stands once"
    assert set(trips.asked) == {f"{trip}/pay/0", f"{trip}/thank/0"}


@pytest.mark.parametrize("where", ["saga.claim.before_commit", "saga.claim.after_commit"])
async def test_a_claim_that_breaks_is_claimed_again(trips: Trips, arm: Arm, where: str) -> None:
    saga = trips.saga()
    [trip] = await trips.begin(saga)
    arm({where: "raise@1"})
    async with trips.running(saga, lease_s=0.1):
        await trips.until_phase("COMPLETED")
    assert await trips.log(trip) == AFTER_ALL


async def test_connections_that_are_killed_all_the_time_only_delay(trips: Trips) -> None:
    saga = trips.saga()
    ids = await trips.begin(saga, 30)
    async with trips.running(saga, lease_s=0.2):
        for _ in range(5):
            await trips.bell.rung(0.05)
            async with trips.db.pool.acquire() as connection:
                await connection.fetchval(TERMINATE)
        await trips.until_phase("COMPLETED", 30)
    for trip in ids:
        assert await trips.log(trip) == AFTER_ALL


async def test_a_renewal_that_comes_late_does_not_take_back_what_was_let_go(trips: Trips) -> None:
    saga = trips.saga()
    [trip] = await trips.begin(saga, ready=False)
    async with trips.running(saga):
        await trips.until(lambda: was_let_go(trips, trip))
    fence = (await trips.row(trip))["fence"]
    await trips.db.pool.execute(store.RENEW, [trip], [fence], 60.0)
    assert await was_let_go(trips, trip)


async def was_let_go(trips: Trips, trip: UUID) -> bool:
    return bool(await trips.db.pool.fetchval(LET_GO, trip))


async def test_one_that_waits_goes_on_when_it_is_woken(trips: Trips) -> None:
    saga = trips.saga()
    [trip] = await trips.begin(saga, ready=False)
    async with trips.running(saga):
        await trips.reached["book"].wait()
        await get_ready(trips, saga, trip)
        await trips.until_phase("COMPLETED")


async def test_a_wake_that_races_the_wait_is_not_lost(trips: Trips) -> None:
    """The step has looked, and is about to wait; what it waits for happens before its commit."""
    saga = trips.saga()
    trips.gates["book"] = asyncio.Event()
    [trip] = await trips.begin(saga, ready=False)
    async with trips.running(saga):
        await trips.reached["book"].wait()
        waking = asyncio.create_task(get_ready(trips, saga, trip))
        await trips.until(lambda: blocked(trips))
        trips.gates["book"].set()
        await waking
        await trips.until_phase("COMPLETED")


async def get_ready(trips: Trips, saga: Saga, trip: UUID) -> None:
    async with trips.db.transaction(on_behalf()) as tx:
        await signals.find(tx, [saga], trip)
        await tx.run(MAKE_READY, trip)
        await signals.wake(tx, [saga], trip)
        tx.ring()


async def blocked(trips: Trips) -> bool:
    return bool(await trips.db.pool.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))


async def cancel(trips: Trips, saga: Saga, trip: UUID) -> bool:
    async with trips.db.transaction(on_behalf()) as tx:
        return await signals.cancel(tx, saga, trip, "not wanted")


@pytest.mark.parametrize("answer", ["yes", "no", "fails", "later", "away", "unwritable"])
async def test_a_cancel_during_a_remote_call_is_kept(trips: Trips, answer: str) -> None:
    saga = trips.saga()
    trips.gates["pay"] = asyncio.Event()
    trips.script["record_pay" if answer == "unwritable" else "pay"] = [answer]
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.reached["pay"].wait()
        assert await cancel(trips, saga, trip)
        trips.gates["pay"].set()
        await trips.until_phase("FAILED")
        assert await cancel(trips, saga, trip), "it is off, whoever asks"
    paid = ["pay"] if answer == "yes" else []
    assert await trips.log(trip) == ["book", *paid, *(UNDONE[1:] if answer == "no" else UNDONE)]
    [end] = trips.ended
    assert (end.refused, end.why) == (True, "not wanted")


async def test_a_cancel_after_the_pivot_is_too_late(trips: Trips) -> None:
    saga = trips.saga()
    trips.gates["thank"] = asyncio.Event()
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.reached["thank"].wait()
        assert not await cancel(trips, saga, trip)
        trips.gates["thank"].set()
        await trips.until_phase("COMPLETED")
        assert not await cancel(trips, saga, trip)


async def mend(trips: Trips, saga: Saga, trip: UUID, message: Retry | Compensate) -> None:
    async with trips.db.transaction(on_behalf("admin")) as tx:
        await signals.mend(tx, saga, trip, message)
        tx.ring()


@pytest.mark.parametrize(("answers", "keys"), [(["no"], [0, 1]), (["fails", "fails"], [0, 0, 0])])
async def test_what_is_stuck_past_the_pivot_waits_for_a_person_to_retry(
    trips: Trips, answers: list[str], keys: list[int]
) -> None:
    trips.script["thank"] = answers
    saga = trips.saga()
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.until_phase("NEEDS_ATTENTION")
        await mend(trips, saga, trip, Retry())
        await trips.until_phase("COMPLETED")
    assert trips.asked[1:] == [f"{trip}/thank/{key}" for key in keys]
    assert ("admin", "Retry") in await trips.journal(trip)


async def test_a_person_may_undo_what_is_stuck_and_what_is_completed(trips: Trips) -> None:
    trips.script["thank"] = ["no"]
    saga = trips.saga()
    stuck, done = await trips.begin(saga, 2)
    async with trips.running(saga):
        await trips.until_phase("NEEDS_ATTENTION")
        await trips.until_phase("COMPLETED")
        for trip in (stuck, done):
            await mend(trips, saga, trip, Compensate("we are sorry"))
        await trips.until_phase("FAILED", 2)
        with pytest.raises(signals.NothingToMend):
            await mend(trips, saga, stuck, Retry())
    assert sorted(map(len, [await trips.log(stuck), await trips.log(done)])) == [6, 7]
    assert {(end.refused, end.why) for end in trips.ended} == {(True, "we are sorry")}
    assert await trips.db.pool.fetchval("SELECT count(*) FROM runtime.audit_entry") == 2


async def test_an_undo_that_is_refused_waits_for_a_person_and_keeps_why_it_was_undone(trips: Trips) -> None:
    trips.script.update(pay=["yes"], confirm=["no"], undo_pay=["no"])
    saga = trips.saga()
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.until_phase("NEEDS_ATTENTION")
        await mend(trips, saga, trip, Retry())
        await trips.until_phase("FAILED")
    assert [key for key in trips.asked if "undo" in key] == [f"{trip}/undo_pay/0", f"{trip}/undo_pay/1"]
    assert [end.refused for end in trips.ended] == [True]


async def test_a_persons_word_takes_the_saga_from_who_carries_it(trips: Trips) -> None:
    saga = trips.saga()
    late = trips.gates["pay"] = asyncio.Event()
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.reached["pay"].wait()
        await mend(trips, saga, trip, Compensate("stop"))
        await trips.until_phase("FAILED")
        late.set()
    assert await trips.log(trip) == ["book", *UNDONE]


async def test_a_step_that_has_no_time_left_is_given_up_at_once(trips: Trips) -> None:
    trips.script["pay"] = ["away"] * 1000
    saga = trips.saga(pay_within=0.05, pay_attempts=10_000)
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.until_phase("FAILED")
    assert await trips.log(trip) == ["book", *UNDONE]
    assert [end.why for end in trips.ended] == ["pay took longer than 0:00:00.050000"]


async def test_a_saga_that_has_waited_too_long_is_undone(trips: Trips) -> None:
    saga = trips.saga()
    [trip] = await trips.begin(saga, ready=False)
    await trips.db.pool.execute(BACKDATE)
    await trips.db.pool.execute(MAKE_READY, trip)
    async with trips.running(saga):
        await trips.until_phase("FAILED")
    assert await trips.journal(trip) == [("deadline", "Failed"), ("undo_book", "Done"), ("end", "Done")]


async def test_sagas_of_a_version_that_nobody_knows_are_left_alone(trips: Trips) -> None:
    old, new = trips.saga(version=1), trips.saga(version=2)
    [left], [carried] = await trips.begin(old), await trips.begin(new)
    async with trips.running(new):
        await trips.until_phase("COMPLETED")
    assert (await trips.row(carried))["phase"] == "COMPLETED"
    assert ((await trips.row(left))["fence"], await trips.log(left)) == (0, [])


async def test_who_holds_a_saga_twice_since_its_lease_ran_out_books_its_answer_once(trips: Trips) -> None:
    saga = trips.saga()
    [trip] = await trips.begin(saga)
    working = Working(saga, 0, undoing=False, booking=Booking(LEASE_S))
    held = []
    for _ in range(2):
        async with trips.db.transaction(on_behalf()) as tx:
            held += await store.claim(tx, [saga.kind], 1, LEASE_S)
        await trips.db.pool.execute(RUN_OUT, trip)
    async with trips.db.transaction(on_behalf()) as tx:
        ours = await working.still_ours(tx, [held[1], held[0], held[1]])
        assert [one.fence for one in ours] == [held[1].fence]
        assert await working.still_ours(tx, [held[0]]) == []


async def test_a_release_carries_what_earlier_ones_began_and_speaks_to_it_by_its_own_definition(trips: Trips) -> None:
    old, new = trips.saga(version=1), trips.saga(version=2)
    release = replace(new, earlier=(old,))
    [before], [after] = await trips.begin(old), await trips.begin(release)
    async with trips.running(release):
        await trips.until_phase("COMPLETED", 2)
    assert {(await trips.row(trip))["phase"] for trip in (before, after)} == {"COMPLETED"}
    assert not await cancel(trips, release, before)


async def test_a_release_that_was_taken_back_says_that_it_cannot_speak_to_what_the_later_one_began(
    trips: Trips,
) -> None:
    old, new = trips.saga(version=1), trips.saga(version=2)
    [trip] = await trips.begin(new)
    with pytest.raises(UnknownVersion):
        await cancel(trips, old, trip)
    assert (await trips.row(trip))["cancel"] is None


async def test_nobody_may_mend_what_is_not_there(trips: Trips) -> None:
    with pytest.raises(signals.NoSuchSaga):
        await mend(trips, trips.saga(), new_id(), Retry())
