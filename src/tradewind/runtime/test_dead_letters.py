"""R7: poison is set aside, neighbours go on, and after the cause is mended all is as if nothing had ever failed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import pytest

from tests.counters import HEAR, Counted, add, count_once, heard, on_behalf
from tests.shops import a_call
from tradewind.contracts.dead_letters import DeadLetter
from tradewind.runtime import feeds
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.dead_letters import SubscribersLetters
from tradewind.runtime.feeds import MAX_ATTEMPTS
from tradewind.runtime.relay import Relay
from tradewind.runtime.subscriptions import Subscriber
from tradewind.runtime.wake import Bell

POISON: Final = (
    "UPDATE runtime.outbox SET payload = $2::text::jsonb WHERE payload ->> 'version' = $1 RETURNING position"
)
MEND: Final = "UPDATE runtime.outbox SET payload = $2::text::jsonb WHERE payload = $1::text::jsonb"
TRAIL: Final = "SELECT actor, subject FROM runtime.audit_entry WHERE action = 'dead_letters.redrive' ORDER BY id"
PARKED: Final = "SELECT count(*) FROM runtime.dead_letter"
KINDS: Final = {
    3: '{"name": "a"}', 7: '{"name": "a", "version": "seven"}', 11: "[]", 12: "null",
    15: '{"name": null, "version": 15}',
    18: '{"version": 18}', 21: '"text"', 24: '{"name": {"deep": []}, "version": 24}',
}  # fmt: skip
"""What cannot be read, by the version that it should have told."""
UNBEARABLE: Final = (5, 6, 20)
"""What is read and cannot be handled."""
OPERATOR: Final = a_call("admin", subject="operator:test")


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(feeds, "backoff_s", lambda _attempt: 0.0)


class Ledger:
    """Subscribers that write down what they hear; while `broken`, one of them cannot bear some of it."""

    def __init__(self) -> None:
        self.broken = True
        self.subscribers = (
            Subscriber("picky", (Counted,), self.picky),
            Subscriber("together", (Counted,), self.together, together=True),
        )

    async def picky(self, event: Counted, tx: Tx) -> None:
        """Hear one."""
        await tx.run(HEAR, "picky", event.name, event.version)
        if self.broken and event.version in UNBEARABLE:
            raise ValueError(f"cannot bear {event.version}")

    async def together(self, events: Sequence[Counted], tx: Tx) -> None:
        """Hear several."""
        for event in events:
            await tx.run(HEAR, "together", event.name, event.version)


@asynccontextmanager
async def relaying(db: Database, bell: Bell, url: str, ledger: Ledger) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(Relay(db, ledger.subscribers, bell, url).run(stop))
    try:
        yield
    finally:
        stop.set()
        bell.ring()
        await running


async def poisoned(db: Database) -> None:
    """Thirty events, some of which nobody can read."""
    await add(db, "a")
    for _ in range(30):
        await count_once(db, "a")
    for version, payload in KINDS.items():
        assert await db.pool.fetchval(POISON, str(version), payload)


async def letters_of(db: Database, letters: SubscribersLetters) -> Sequence[DeadLetter]:
    async with db.reading(on_behalf()) as tx:
        return await letters.list(tx, 1_000)


async def redrive(db: Database, letters: SubscribersLetters, id_: str) -> bool:
    async with db.transaction(OPERATOR) as tx:
        return await letters.redrive(tx, id_)


async def parked(db: Database, number: int, bell: Bell) -> None:
    async with asyncio.timeout(60):
        while await db.pool.fetchval(PARKED) < number:
            await bell.rung(0.05)


async def test_poison_of_every_kind_is_set_aside_and_redriven_to_the_state_of_a_run_that_never_failed(
    db: Database, bell: Bell, url: str
) -> None:
    await poisoned(db)
    ledger = Ledger()
    everything = [("a", n) for n in range(1, 31)]
    async with relaying(db, bell, url, ledger):
        await parked(db, 2 * len(KINDS) + len(UNBEARABLE), bell)
        last = await count_once(db, "a")
        async with asyncio.timeout(60):
            while ("a", last) not in await heard(db, "picky") or ("a", last) not in await heard(db, "together"):
                await bell.rung(0.05)
    unread = {*KINDS, *UNBEARABLE}
    everything.append(("a", last))
    assert await heard(db, "picky") == [one for one in everything if one[1] not in unread], "neighbours, in order"
    letters = SubscribersLetters(ledger.subscribers)
    found = await letters_of(db, letters)
    assert Counter(one.consumer for one in found) == {"picky": len(unread), "together": len(KINDS)}
    assert {one.attempts for one in found} == {MAX_ATTEMPTS}
    assert all(one.reason and len(one.trace_id) == 32 and one.type == Counted.TYPE for one in found)

    still = [one for one in found if one.reason == "ValueError('cannot bear 5')"]
    with pytest.raises(ValueError, match="cannot bear 5"):
        await redrive(db, letters, still[0].id)
    assert len(await letters_of(db, letters)) == len(found), "what fails again stays"
    assert len(await heard(db, "picky")) == len(everything) - len(unread), "and left nothing behind"

    ledger.broken = False
    for version in KINDS:
        right = f'{{"name": "a", "version": {version}}}'
        await db.pool.execute(MEND, KINDS[version], right)
    assert all([await redrive(db, letters, one.id) for one in found])
    for who in ("picky", "together"):
        assert sorted(await heard(db, who)) == everything
    assert await letters_of(db, letters) == []
    trail = await db.pool.fetch(TRAIL)
    assert [tuple(row) for row in trail] == [("operator:test", one.id) for one in found]


async def test_many_who_redrive_one_letter_at_once_have_it_heard_once(db: Database, bell: Bell, url: str) -> None:
    await add(db, "a")
    for _ in range(6):
        await count_once(db, "a")
    ledger = Ledger()
    async with relaying(db, bell, url, ledger):
        await parked(db, 2, bell)
        ledger.broken = False
        letters = SubscribersLetters(ledger.subscribers)
        first, _ = await letters_of(db, letters)
        done = await asyncio.gather(*(redrive(db, letters, first.id) for _ in range(8)))
    assert sorted(done) == [False] * 7 + [True]
    assert Counter(await heard(db, "picky"))["a", 5] == 1
    assert Counter(await heard(db, "together"))["a", 5] == 1, "nobody else hears it again"


@pytest.mark.parametrize("id_", ["", "picky", "picky/", "picky/0", "picky/-1", "nobody/1", "picky/9" * 9, "a/b/c"])
async def test_a_letter_that_is_not_there_is_not_redriven(db: Database, id_: str) -> None:
    letters = SubscribersLetters(Ledger().subscribers)
    assert not await redrive(db, letters, id_)
    assert await db.pool.fetch(TRAIL) == []
