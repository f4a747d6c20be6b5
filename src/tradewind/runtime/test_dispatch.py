"""The one door: who may not is refused first, what is stale is tried again, who waits is told how it ended."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from msgspec.structs import replace

from tests.counters import add, count, count_once, on_behalf, versions
from tests.shops import a_call
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Forbidden, Stale
from tradewind.runtime import dispatch as module
from tradewind.runtime.call import Call
from tradewind.runtime.database import Busy, Database, Tx
from tradewind.runtime.dispatch import Dispatcher, TooSlow
from tradewind.runtime.handlers import Follow, handler, query
from tradewind.runtime.idempotency import InFlight, KeyReused
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.wake import Bell

READ_ONE: Final = "SELECT version FROM public.counter WHERE name = $1"


class Raise(Command, frozen=True):
    """Count a counter up; before its own transaction ends, `first` happens so many times."""

    name: str
    first: str = ""
    times: int = 0


class Look(Command, frozen=True):
    """Where does it stand? The first `stale` looks find a table that has just been changed."""

    name: str
    stale: int = 0


class Door:
    """Handlers of Raise and Look, and how often they ran."""

    def __init__(self, settled_at: int = 0) -> None:
        self.runs = 0
        self.looks = 0
        self.never = asyncio.Event()
        follow = Follow(lambda _answer: Look(name="a"), lambda answer: answer >= settled_at)

        @handler(action="test.raise", follow=follow)
        async def raise_it(command: Raise, tx: Tx) -> int:
            self.runs += 1
            version = await count(tx, command.name)
            if self.runs <= command.times:
                await self._happen(command.first)
            return version

        @query(action="test.look")
        async def look(command: Look, tx: Tx) -> int:
            self.looks += 1
            if self.looks <= command.stale:
                raise Stale
            version: int = await tx.value(READ_ONE, command.name)
            return version

        self.handlers = (raise_it, look)

    async def _happen(self, what: str) -> None:
        match what:
            case "stale":
                raise Stale
            case "busy":
                raise Busy
            case _:
                await self.never.wait()

    @asynccontextmanager
    async def open(self, db: Database, bell: Bell) -> AsyncIterator[Dispatcher]:
        """Open it."""
        await add(db, "a", "b")
        async with Dispatcher(db, self.handlers, bell) as dispatch:
            yield dispatch


def keyed(key: str = "k") -> Call:
    return replace(on_behalf(), idempotency_key=key)


async def test_who_may_not_is_refused_before_the_handler_runs(db: Database, bell: Bell) -> None:
    door = Door()
    async with door.open(db, bell) as dispatch:
        for command in (Raise(name="a"), Look(name="a")):
            with pytest.raises(Forbidden):
                await dispatch(command, a_call("customer"))
    assert (door.runs, door.looks) == (0, 0)


@pytest.mark.parametrize(("times", "answer"), [(2, 1), (3, Stale)])
async def test_what_is_stale_is_tried_three_times(db: Database, bell: Bell, times: int, answer: Any) -> None:
    door = Door()
    async with door.open(db, bell) as dispatch:
        wish = dispatch(Raise(name="a", first="stale", times=times), on_behalf())
        if answer == 1:
            assert await wish == 1
        else:
            with pytest.raises(Stale):
                await wish
    assert door.runs == 3
    assert await versions(db) == {"a": 1 if answer == 1 else 0, "b": 0}


async def test_a_question_that_is_stale_is_asked_again(db: Database, bell: Bell) -> None:
    door = Door()
    async with door.open(db, bell) as dispatch:
        assert await dispatch(Look(name="a", stale=2), on_behalf()) == 0
        assert door.looks == 3


async def test_what_is_held_up_is_told_so_and_not_tried_again(db: Database, bell: Bell) -> None:
    door = Door()
    async with door.open(db, bell) as dispatch:
        for call, refusal in ((on_behalf(), Busy), (keyed(), InFlight)):
            with pytest.raises(refusal):
                await dispatch(Raise(name="a", first="busy", times=99), call)
    assert door.runs == 2
    assert await versions(db) == {"a": 0, "b": 0}


async def test_what_takes_too_long_is_given_up_and_leaves_nothing(
    db: Database, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEADLINE_S", 0.05)
    door = Door()
    async with door.open(db, bell) as dispatch:
        with pytest.raises(TooSlow):
            await dispatch(Raise(name="a", first="hangs", times=1), on_behalf())
    assert await versions(db) == {"a": 0, "b": 0}


async def test_many_at_once_with_one_key_have_one_effect(db: Database, bell: Bell) -> None:
    door = Door()
    async with door.open(db, bell) as dispatch:
        asked = (dispatch(Raise(name="a"), keyed()) for _ in range(50))
        assert await asyncio.gather(*asked) == [1] * 50
        with pytest.raises(KeyReused):
            await dispatch(Raise(name="b"), keyed())
        assert await dispatch(Raise(name="a"), keyed("another")) == 2
    assert await versions(db) == {"a": 2, "b": 0}


async def test_without_the_lock_on_the_key_there_are_many(
    db: Database, bell: Bell, plant: Callable[[str], None]
) -> None:
    plant("key_without_lock")
    async with Door().open(db, bell) as dispatch:
        asked = (dispatch(Raise(name="a"), keyed()) for _ in range(50))
        assert sorted(await asyncio.gather(*asked)) == list(range(1, 51))


async def test_a_failed_try_does_not_burn_the_key(db: Database, bell: Bell) -> None:
    door = Door()
    async with door.open(db, bell) as dispatch:
        with pytest.raises(InFlight):
            await dispatch(Raise(name="a", first="busy", times=1), keyed())
        assert await dispatch(Raise(name="a", first="busy", times=1), keyed()) == 1


async def test_who_will_wait_sees_the_settled_answer(db: Database, bell: Bell) -> None:
    door = Door(settled_at=3)
    async with door.open(db, bell) as dispatch:
        asked = asyncio.create_task(dispatch(Raise(name="a"), replace(on_behalf(), wait_s=30.0)))
        while (await versions(db))["a"] < 1:
            await bell.rung(0.05)
        for _ in range(2):
            await count_once(db, "a")
        assert await asked == 3


async def test_patience_that_ends_gets_the_answer_as_it_stands(db: Database, bell: Bell) -> None:
    async with Door(settled_at=99).open(db, bell) as dispatch:
        assert await dispatch(Raise(name="a"), replace(on_behalf(), wait_s=0.05)) == 1


async def test_who_will_not_wait_is_answered_at_once(db: Database, bell: Bell) -> None:
    door = Door(settled_at=99)
    async with door.open(db, bell) as dispatch:
        assert await dispatch(Raise(name="a"), on_behalf()) == 1
    assert door.looks == 0


async def test_each_command_is_counted_by_its_outcome(db: Database, bell: Bell) -> None:
    def counted(outcome: str) -> float:
        return float(metrics.commands_total.labels("Raise", outcome)._value.get())

    before = counted("done"), counted("Busy")
    async with Door().open(db, bell) as dispatch:
        await dispatch(Raise(name="a"), on_behalf())
        with pytest.raises(Busy):
            await dispatch(Raise(name="a", first="busy", times=99), on_behalf())
    assert (counted("done") - before[0], counted("Busy") - before[1]) == (1.0, 1.0)


async def test_one_command_has_one_handler(db: Database, bell: Bell) -> None:
    door = Door()
    with pytest.raises(AssertionError, match="Raise has two handlers"):
        Dispatcher(db, [*door.handlers, *door.handlers], bell)
