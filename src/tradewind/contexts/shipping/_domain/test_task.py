"""A task's life, what may be picked, and how goods are divided over shipments."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from tradewind.contexts.shipping._domain.plan import LeftTheHouse, ShipmentPlan, UnfitSplit
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment, Shipment, Status
from tradewind.contexts.shipping._domain.task import (
    LIFECYCLE,
    CallOff,
    Claim,
    ClaimedByAnother,
    FulfillmentTask,
    HandOver,
    NothingPicked,
    Pack,
    Pick,
    PutBack,
    Reopen,
    Report,
    Ship,
    State,
    UnfitPick,
)
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove

MOVES = (Claim, PutBack, Pick, Pack, Ship, CallOff, Reopen, HandOver, Report)
ARROWS = {(source, by) for source, by, _ in LIFECYCLE.arrows}
REFUSED = [(state, by) for state in State for by in MOVES if (state, by) not in ARROWS]
WANTED = {"A": 3, "B": 1}


def a_task(state: State, who: str | None = "ann") -> FulfillmentTask:
    return FulfillmentTask(shipment_id=new_id(), order_id=new_id(), state=state, claimed_by=who)


def a_plan(*contents: dict[str, int], status: Status = Status.READY) -> ShipmentPlan:
    order = new_id()
    return ShipmentPlan(
        tuple(
            Shipment(id=new_id(), order_id=order, status=status, tracking_number=None, part=part, lines=lines)
            for part, lines in enumerate(contents, 1)
        )
    )


@pytest.mark.parametrize(("state", "by"), REFUSED)
def test_what_is_not_in_the_table_is_refused(state: State, by: type) -> None:
    with pytest.raises(IllegalMove):
        LIFECYCLE.follow(state, by)


def test_nobody_takes_what_another_is_at() -> None:
    task = a_task(State.CLAIMED)
    assert task.claim("ann") == task
    for act in (lambda: task.claim("bob"), lambda: task.pick("bob", WANTED, WANTED)):
        with pytest.raises(ClaimedByAnother):
            act()
    assert task.put_back().claim("bob").claimed_by == "bob"


@pytest.mark.parametrize("found", [{}, {"A": 3}, {"A": 4, "B": 1}, {"A": -1, "B": 1}, {"A": 3, "B": 1, "C": 0}])
def test_a_pick_accounts_for_every_sku_and_for_no_more_than_is_wanted(found: dict[str, int]) -> None:
    with pytest.raises(UnfitPick):
        a_task(State.CLAIMED).pick("ann", WANTED, found)


def test_where_nothing_was_found_nothing_is_picked() -> None:
    with pytest.raises(NothingPicked):
        a_task(State.CLAIMED).pick("ann", WANTED, {"A": 0, "B": 0})


def test_what_is_missing_is_said() -> None:
    task = a_task(State.CLAIMED)
    assert task.pick("ann", WANTED, {"A": 2, "B": 0}) == (replace(task, state=State.PICKED), {"A": 1, "B": 1})
    assert task.pick("ann", WANTED, WANTED)[1] == {}


@pytest.mark.parametrize("apart", [{}, {"A": 4}, {"A": 0}, {"A": -1}, {"C": 1}, WANTED])
def test_something_that_is_there_travels_apart_and_something_stays(apart: dict[str, int]) -> None:
    plan = a_plan(WANTED)
    with pytest.raises(UnfitSplit):
        plan.split(plan.shipments[0].id, apart, new_id())


@pytest.mark.parametrize("status", [status for status in Status if status not in (Status.PLANNED, Status.READY)])
def test_nothing_is_taken_out_of_what_is_not_in_the_house(status: Status) -> None:
    plan = a_plan(WANTED, status=status)
    with pytest.raises(LeftTheHouse):
        plan.split(plan.shipments[0].id, {"A": 1}, new_id())


def test_a_plan_knows_its_own_shipments_alone() -> None:
    with pytest.raises(NoSuchShipment):
        a_plan(WANTED).one(new_id())


@given(
    some.dictionaries(some.sampled_from("ABCDE"), some.integers(1, 9), min_size=1),
    some.lists(some.dictionaries(some.sampled_from("ABCDE"), some.integers(1, 3), min_size=1), max_size=6),
)
def test_however_an_order_is_divided_each_piece_is_in_one_shipment(
    bought: dict[str, int], tries: list[dict[str, int]]
) -> None:
    plan = a_plan(bought)
    for apart in tries:
        source = plan.shipments[-1]
        try:
            stays, goes = plan.split(source.id, apart, new_id())
        except UnfitSplit:
            continue
        plan = ShipmentPlan((*plan.shipments[:-1], stays, goes))
    held = [one.lines or {} for one in plan.shipments]
    assert {sku: sum(lines.get(sku, 0) for lines in held) for sku in bought} == bought
    assert all(lines and min(lines.values()) > 0 for lines in held)
    assert [one.part for one in plan.shipments] == list(range(1, len(plan.shipments) + 1))


def test_only_the_last_shipment_completes_an_order() -> None:
    first, second, third = a_plan({"A": 1}, {"B": 1}, {"C": 1}).shipments
    sent = replace(second, status=Status.DELIVERED)
    assert not ShipmentPlan((first, sent, third)).completes(first.id)
    assert ShipmentPlan((first, sent, replace(third, status=Status.CANCELED))).completes(first.id)
    assert not ShipmentPlan((first, sent, replace(third, status=Status.LOST))).completes(first.id)
