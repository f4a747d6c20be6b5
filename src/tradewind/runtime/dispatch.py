"""The one door to every handler: policy, idempotency, tries after Stale, trace and deadline are around each, once."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any, Self, TypeVar, cast

from msgspec import structs

from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Forbidden, Refusal, Stale, Unavailable
from tradewind.runtime import idempotency
from tradewind.runtime.batching import Lane
from tradewind.runtime.call import Call
from tradewind.runtime.database import Busy, Database, allows
from tradewind.runtime.handlers import Follow, HandlerSpec
from tradewind.runtime.keeping import Keeper
from tradewind.runtime.manifest import Handler
from tradewind.runtime.switches import turned_away
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log, present_call
from tradewind.runtime.telemetry.traces import span
from tradewind.runtime.wake import POLL_S, Bell

P = TypeVar("P")
DEADLINE_S = 30.0
"""Longest a command may take before its caller is told to come again."""
MAX_TRIES = 3
MAX_DECISIONS = 4096
"""Answers of the policy that are remembered."""


class TooSlow(Unavailable):
    """The shop could not answer in time; ask again with the same Idempotency-Key."""


class Dispatcher:
    """Finds the handler of a command and runs it. Start it in a running loop; stop it before the database closes."""

    def __init__(self, db: Database, handlers: Iterable[Handler], bell: Bell) -> None:
        self._db = db
        self._bell = bell
        self._specs: dict[type[Command], HandlerSpec] = {}
        for one in handlers:
            spec: HandlerSpec = one.spec  # type: ignore[attr-defined]
            assert spec.command not in self._specs, f"{spec.command.__name__} has two handlers"
            self._specs[spec.command] = spec
        self._counters: dict[tuple[str, str], Any] = {}
        self._decisions: dict[tuple[str, frozenset[str], frozenset[str]], bool] = {}
        self._decided_s = 0.0
        self._keeper = Keeper.of(db)
        self._lanes = {spec.command: Lane(spec, db) for spec in self._specs.values() if spec.batched}

    async def __aenter__(self) -> Self:
        for lane in self._lanes.values():
            lane.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for lane in self._lanes.values():
            await lane.stop()

    async def __call__(self, command: Command, call: Call) -> Any:
        """The command's answer; a Refusal is raised as it is. Nothing half done is left behind."""
        spec = self._specs[type(command)]
        if not self._may(call, spec.action):
            raise Forbidden(action=spec.action)
        kept = spec.kept
        if kept is None or self._keeper is None or (kept.unless is not None and self._may(call, kept.unless)):
            return await self._ask(spec, command, call)
        return await self._keeper.answer(kept, command, call, lambda: self._ask(spec, command, call))

    def _may(self, call: Call, action: str) -> bool:
        """The policy's answer to a question without a resource: it is pure, and such questions are few."""
        question = action, call.actor.roles, call.actor.scopes
        if (now_s := time.monotonic()) > self._decided_s + self._db.policy.lasts_s:
            self._decisions.clear()
            self._decided_s = now_s
        decision = self._decisions.get(question)
        if decision is None:
            if len(self._decisions) >= MAX_DECISIONS:
                self._decisions.clear()
            decision = self._decisions[question] = allows(self._db.policy, call, action, {})
        return decision

    async def _ask(self, spec: HandlerSpec, command: Command, call: Call) -> Any:
        name = spec.command.__name__
        outcome, outer = "bug", present_call.set(call)
        try:
            async with asyncio.timeout(DEADLINE_S):
                with span(name, call.trace_id):
                    answer = await self._run(spec, command, call)
            outcome = "done"
        except Refusal as refusal:
            outcome = type(refusal).__name__
            raise
        except TimeoutError:
            outcome = "TooSlow"
            raise TooSlow from None
        finally:
            self._count(name, outcome)
            log.debug("command", command=name, outcome=outcome)
            present_call.reset(outer)
        return await self._follow(spec.follow, answer, call) if call.wait_s and spec.follow else answer

    def _count(self, name: str, outcome: str) -> None:
        counter = self._counters.get((name, outcome))
        if counter is None:
            counter = self._counters[name, outcome] = metrics.commands_total.labels(name, outcome)
        counter.inc()

    async def _follow(self, follow: Follow, answer: Any, call: Call) -> Any:
        """Look again at every ring until it is settled, or the client's patience (`Prefer: wait`) is over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + call.wait_s
        again = structs.replace(call, wait_s=0.0, idempotency_key=None)
        rings = self._bell.rings
        while not follow.settled(answer) and (left_s := until - loop.time()) > 0:
            await self._bell.rung(min(left_s, POLL_S), since=rings)
            rings = self._bell.rings
            answer = await self(follow.query(answer), again)
        return answer

    async def _run(self, spec: HandlerSpec, command: Command, call: Call) -> Any:
        if lane := self._lanes.get(spec.command):
            return await lane.put(command, call)
        if spec.outside:
            self._let_in(spec, command, call)
            return await spec.function(command, _Asking(self, call, self._db.peers))
        if spec.before is None:
            return await self._tried(spec, command, call)
        return await self._tried(spec, command, call, await spec.before(command, _Asking(self, call, self._db.peers)))

    async def _tried(self, spec: HandlerSpec, command: Command, call: Call, *said: Any) -> Any:
        once = self._read if spec.reads_only else self._once
        for tries_left in reversed(range(MAX_TRIES)):
            try:
                return await once(spec, command, call, *said)
            except Busy:
                keyed = call.idempotency_key is not None and not spec.reads_only
                raise (idempotency.InFlight() if keyed else Busy()) from None
            except Stale:
                if not tries_left:
                    raise
        raise AssertionError

    async def _read(self, spec: HandlerSpec, command: Command, call: Call) -> Any:
        async with self._db.reading(call, at_once=spec.at_once) as tx:
            return await spec.function(command, tx)

    async def _once(self, spec: HandlerSpec, command: Command, call: Call, *said: Any) -> Any:
        claim = idempotency.claim(command, call)
        async with self._db.transaction(call) as tx:
            if claim and (known := await idempotency.replays(tx, [claim], spec.answer)):
                return _given(known[claim.scope])
            self._let_in(spec, command, call)
            answer = await spec.function(command, tx, *said)
            if claim:
                idempotency.store(tx, [(claim, answer)])
        return answer

    def _let_in(self, spec: HandlerSpec, command: Command, call: Call) -> None:
        """Raise SwitchedOff where the shop's owner has switched this off."""
        if refusal := turned_away(spec.switch, command, call, self._db.peers):
            raise refusal


class _Asking:
    """What handlers of outside commands are given."""

    def __init__(self, dispatch: Dispatcher, call: Call, peers: Mapping[type, object]) -> None:
        self.call = structs.replace(call, wait_s=0.0)
        self._dispatch = dispatch
        self._peers = peers

    def peer(self, protocol: type[P]) -> P:
        """Who answers to `protocol` in this process."""
        return cast(P, self._peers[protocol])

    async def __call__(self, command: Command) -> Any:
        """Ask the shop itself. A key is of the outer command alone."""
        return await self._dispatch(command, structs.replace(self.call, idempotency_key=None))

    async def under_key(self, command: Command) -> Any:
        """Ask the shop for the answer to the call itself."""
        return await self._dispatch(command, self.call)


def _given(outcome: Any) -> Any:
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome
