"""Idempotency keys (D16): the same key and body get the stored answer, another body is refused, failure burns nothing.

The answer is written in the transaction of the effect, under a primary key: of two that run at once, one waits for the
other's commit, is undone, and replays it. A wait longer than the lock time-out is answered with InFlight.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.contracts.messages import Command
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.runtime.call import Call
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted

FIND: Final = """
    SELECT scope, request_hash, answer::text AS answer, expires_at <= now() AS expired
    FROM runtime.idempotency WHERE scope = ANY($1::text[])
"""
STORE: Final = """
    INSERT INTO runtime.idempotency (scope, request_hash, answer, subject, expires_at)
    SELECT u.*, now() + interval '24 hours' FROM unnest($1::runtime.new_answer[]) AS u
"""
FORGET: Final = "DELETE FROM runtime.idempotency WHERE scope = ANY($1::text[]) AND expires_at <= now()"
PURGE: Final = """
    DELETE FROM runtime.idempotency WHERE scope IN (
        SELECT scope FROM runtime.idempotency WHERE expires_at <= now() ORDER BY expires_at LIMIT 1000)
"""
MAX_RECENT = 10_000
KEEP_IN_MEMORY = timedelta(hours=23)
"""Shorter than the database keeps it, so that memory never outlives the record."""
_encoder = msgspec.json.Encoder(decimal_format="number")


class KeyReused(Invalid):
    """This Idempotency-Key was used for another request."""


class InFlight(Conflict):
    """A request with this Idempotency-Key is being worked on; ask again shortly."""

    retry_after_s = 1


class Known(NamedTuple):
    """An answer that is committed."""

    request_hash: str
    answer: Any
    until: datetime

    def given(self, claim: "Claim") -> Any:
        """The answer; refuses (KeyReused) another body."""
        if claim.request_hash != self.request_hash:
            raise KeyReused
        return self.answer


class Recent:
    """The newest committed answers of this process, so that a retry seldom asks the database."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Known] = OrderedDict()

    def get(self, scope: str) -> Known | None:
        """The answer under `scope`, while it is kept."""
        known = self._known.get(scope)
        return known if known and known.until > now() else None

    def keep(self, answers: Sequence[tuple["Claim", Any]]) -> None:
        """Remember what was just committed."""
        until = now() + KEEP_IN_MEMORY
        for claimed, answer in answers:
            self._known[claimed.scope] = Known(claimed.request_hash, answer, until)
        while len(self._known) > MAX_RECENT:
            self._known.popitem(last=False)


class Claim(NamedTuple):
    """What a call's key stands for: `scope` is tenant, user, route and key. `subject` is whose answer it will be."""

    scope: str
    request_hash: str
    subject: str


def claim(command: Command, call: Call) -> Claim | None:
    """The call's claim; None where it came without a key."""
    if call.idempotency_key is None or planted("key_without_lock"):
        return None
    scope = f"{call.actor.tenant}\n{call.actor.subject}\n{call.route}\n{call.idempotency_key}"
    digest = hashlib.sha256(_encoder.encode(command)).hexdigest()
    return Claim(hashlib.sha256(scope.encode()).hexdigest(), digest, call.actor.subject)


async def replays(tx: Tx, claims: Sequence[Claim], answer: type) -> dict[str, Any]:
    """For each claim that was answered before: its answer, or the refusal KeyReused."""
    if not claims:
        return {}
    found = await tx.all(FIND, [one.scope for one in claims])
    if expired := [row["scope"] for row in found if row["expired"]]:
        await tx.run(FORGET, expired)
    hashes = {one.scope: one.request_hash for one in claims}
    return {row["scope"]: _replay(row, hashes, answer) for row in found if not row["expired"]}


def _replay(row: Any, hashes: dict[str, str], answer: type) -> Any:
    if row["request_hash"] != hashes[row["scope"]]:
        return KeyReused()
    return msgspec.json.decode(row["answer"], type=answer)


def store(tx: Tx, answers: Sequence[tuple[Claim, Any]]) -> None:
    """Keep the answers with the transaction's last statement, which refuses (Stale) where somebody else was first."""
    if answers:
        rows = [(one.scope, one.request_hash, _encoder.encode(answer).decode(), one.subject) for one, answer in answers]
        tx.later(STORE, rows)


async def purge(tx: Tx) -> int:
    """Forget expired keys, at most 1,000 at a time; how many."""
    return await tx.run(PURGE)
