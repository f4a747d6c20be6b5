"""Carries every due saga on: claims it under a lease, takes it through its stages, lets go when it waits or ends.

Any number of runners share the work; a runner that dies leaves its sagas to whoever claims them after the lease.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from tradewind.contracts.outcomes import Failed
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.saga import store
from tradewind.runtime.saga.definition import Saga
from tradewind.runtime.saga.settling import Booking, Verdict, timed_out
from tradewind.runtime.saga.stage import PACE_S, Stage
from tradewind.runtime.saga.working import Working
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.wake import Bell

LEASE_S = 10.0
"""How long a claimed saga is its holder's; renewed with every settled step."""
MAX_HELD = 1_024
"""Sagas that one runner holds at once."""
MAX_OF_KIND = 512
"""No more are claimed of a kind of which so many are held: where those whom they ask say nothing, others go on."""
CLAIM = 128
POLL_S = 0.2
"""Longest time between two looks for due sagas."""
MEASURE_EVERY = 50
"""Looks between two readings of the gauges."""


class Runner:
    """Runs the sagas of one process, from `start` to `stop`."""

    def __init__(self, db: Database, sagas: Iterable[Saga], bell: Bell, *, lease_s: float = LEASE_S) -> None:
        self._db, self._bell, self._lease_s = db, bell, lease_s
        self._sagas = {one.kind: one for saga in sagas for one in (saga, *saga.earlier)}
        self._booking = Booking(lease_s)
        self._stages: dict[tuple[str, int, bool], Stage] = {}
        self._held: dict[UUID, int] = {}
        self._of_kind = Counter[str]()

    async def run(self, stop: asyncio.Event) -> None:
        """Claim and carry until `stop`; what is under way then is left to its leases."""
        looks, loop = 0, asyncio.get_running_loop()
        renewing = asyncio.create_task(self._renew())
        try:
            while not stop.is_set():
                rings, looked_s = self._bell.rings, loop.time()
                claimed = await self._claim()
                looks += 1
                if looks % MEASURE_EVERY == 1:
                    await self._measure()
                if claimed < CLAIM:
                    await self._bell.rung(POLL_S, since=rings)
                    # Their first stage takes them at this pace anyway: those that come right after share a claim too.
                    await asyncio.sleep(looked_s + PACE_S - loop.time())
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await asyncio.gather(*(stage.stop() for stage in self._stages.values()))

    async def _claim(self) -> int:
        room = min(CLAIM, MAX_HELD - len(self._held))
        if room <= 0:
            return 0
        try:
            async with self._db.transaction(internal_call("saga.claim")) as tx:
                kinds = [kind for kind in self._sagas if self._of_kind[kind] < MAX_OF_KIND]
                held = await store.claim(tx, kinds, room, self._lease_s)
                held = await self._give_up_late(tx, held)
                failpoint("saga.claim.before_commit")
            if held:
                failpoint("saga.claim.after_commit")
        except Exception as error:
            log.warning("no sagas claimed", error=repr(error))
            return 0
        for one in held:
            self._of_kind[one.kind] += one.id not in self._held
            self._held[one.id] = one.fence
            self._stage(one).put(one)
        return len(held)

    async def _give_up_late(self, tx: Tx, held: Sequence[store.Held]) -> list[store.Held]:
        """Turn those round whose time is up; everything that is to be carried on."""
        late = [(one, message) for one in held if (message := timed_out(self._sagas[one.kind], one))]
        turned: dict[UUID, store.Held] = {}
        for one, message in late:
            outcome = Failed(message.why)
            [verdict] = self._booking.book(tx, self._sagas[one.kind], "deadline", [(one, message, outcome)])
            await tx.flush()
            turned[one.id] = one._replace(state=verdict.state)
        return [turned.get(one.id, one) for one in held]

    def _stage(self, held: store.Held) -> Stage:
        key = (held.kind, held.state.step, held.state.undoing)
        stage = self._stages.get(key)
        if stage is None:
            saga = self._sagas[held.kind]
            working = Working(saga, held.state.step, undoing=held.state.undoing, booking=self._booking)
            stage = self._stages[key] = Stage(working, self._db, self)
            stage.start()
        return stage

    def working(self, held: store.Held) -> Working:
        """The step at which `held` stands."""
        return self._stage(held).working

    def asking(self, held: store.Held, wish: Any) -> None:
        """The wish goes out by the stage of its step."""
        self._stage(held).ask(held, wish)

    def passed(self, verdicts: Sequence[Verdict]) -> None:
        """Those that are kept go on to their next stage; the others are let go."""
        for verdict in verdicts:
            if verdict.keep:
                on = verdict.held._replace(state=verdict.state)
                self._stage(on).put(on)
            else:
                self._let_go(verdict.held)

    def dropped(self, held: Sequence[store.Held]) -> None:
        """Not ours any more."""
        for one in held:
            self._let_go(one)

    def _let_go(self, held: store.Held) -> None:
        if self._held.get(held.id) == held.fence:  # otherwise it was claimed again meanwhile
            del self._held[held.id]
            self._of_kind[held.kind] -= 1

    async def _renew(self) -> None:
        """Keep the leases of what is under way; a fence that is no longer ours is not touched."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            if not self._held:
                continue
            try:
                await self._db.pool.execute(store.RENEW, list(self._held), list(self._held.values()), self._lease_s)
            except Exception as error:
                log.warning("leases not renewed", error=repr(error))

    async def _measure(self) -> None:
        try:
            async with self._db.reading(internal_call("saga.measure")) as tx:
                row = await tx.row(store.OVERDUE)
        except Exception as error:
            log.warning("sagas not measured", error=repr(error))
            return
        assert row is not None
        metrics.saga_oldest_due_seconds.set(row["oldest_s"])
        metrics.saga_parked.set(row["parked"])
