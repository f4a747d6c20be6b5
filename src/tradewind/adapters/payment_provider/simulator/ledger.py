"""The simulated provider's books, in SQLite: append-only operations, and what each authorization has come to.

Durable before answered: write-ahead log with synchronous=FULL, one transaction for every wish that waits.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from tradewind.adapters.payment_provider.simulator.faults import strike_of_method
from tradewind.adapters.payment_provider.simulator.rules import ACCOUNTS, Authorization, Verdict, decide
from tradewind.adapters.payment_provider.simulator.settling import settlements
from tradewind.adapters.payment_provider.wire import (
    CHALLENGES,
    AuthorizationWish,
    Entry,
    LedgerPage,
    SettlementPage,
    VoidWish,
    Wish,
)
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id
from tradewind.ports.payment_provider import ActionRequired, Answer, Approved, DeclineCode, Declined

BUSY_TIMEOUT_S: Final = 5.0
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS operation (
    position INTEGER PRIMARY KEY,
    operation TEXT NOT NULL CHECK (operation IN ('authorization', 'capture', 'void', 'refund')),
    key TEXT NOT NULL UNIQUE,
    authorization_key TEXT NOT NULL,
    reference TEXT NOT NULL,
    asked_minor INTEGER NOT NULL,
    minor INTEGER NOT NULL CHECK (minor >= 0 AND (outcome = 'approved' OR minor = 0)),
    currency TEXT NOT NULL,
    from_account TEXT NOT NULL,
    to_account TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('approved', 'declined')),
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    asked BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS operation_by_reference ON operation (reference, position);
CREATE TABLE IF NOT EXISTS authorization (
    key TEXT PRIMARY KEY,
    reference TEXT NOT NULL,
    method TEXT NOT NULL,
    minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    captured INTEGER NOT NULL CHECK (captured BETWEEN 0 AND minor),
    refunded INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND captured),
    voided INTEGER NOT NULL CHECK (voided IN (0, 1) AND (voided = 0 OR captured = 0))
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS challenge (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    asked BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""
LAST_POSITION: Final = "SELECT coalesce(max(position), 0) FROM operation"
RECORDED: Final = """
SELECT o.operation, a.method, o.asked, o.outcome, o.code, o.reason, o.provider_id
FROM operation o LEFT JOIN authorization a ON a.key = o.authorization_key WHERE o.key = ?
"""
CHALLENGE: Final = """
SELECT c.id, c.asked, coalesce(a.voided, 0) FROM challenge c LEFT JOIN authorization a ON a.key = c.key WHERE c.key = ?
"""
CHALLENGED: Final = "SELECT asked FROM challenge WHERE id = ?"
WRITE_CHALLENGE: Final = "INSERT INTO challenge (id, key, asked) VALUES (?, ?, ?)"
STATE: Final = (
    "SELECT key, reference, method, minor, currency, captured, refunded, voided FROM authorization WHERE key = ?"
)
WRITE_STATE: Final = "INSERT OR REPLACE INTO authorization VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
WRITE_OPERATION: Final = "INSERT INTO operation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
PAGE: Final = """
SELECT position, operation, key, authorization_key, reference, asked_minor, minor, currency, from_account, to_account,
       outcome, code, reason, provider_id, recorded_at
FROM operation WHERE position > ? ORDER BY position LIMIT ?
"""
OF_REFERENCE: Final = """
SELECT position, operation, key, authorization_key, reference, asked_minor, minor, currency, from_account, to_account,
       outcome, code, reason, provider_id, recorded_at
FROM operation WHERE reference = ? ORDER BY position LIMIT ?
"""

_canonical: Final = msgspec.json.Encoder(order="deterministic").encode
_decode_wish: Final = msgspec.json.Decoder(AuthorizationWish).decode


class Ask(Struct, frozen=True):
    """A wish and the scripted refusal that strikes it, if any. `proved`: the buyer has answered the challenge."""

    wish: Wish
    struck: Declined | None = None
    proved: bool = False


class Recorded(Struct, frozen=True, kw_only=True):
    """What the books say. `fresh`: this very call recorded it. `answer` is None when the key has other parameters."""

    answer: Answer | None
    fresh: bool = False
    method: str = ""


class Ledger:
    """Two connections to one file: one writes, in the writer's thread; the other reads what is committed."""

    def __init__(self, path: Path) -> None:
        self._writer = _connect(path)
        self._writer.executescript(SCHEMA)
        self._reader = _connect(path)
        self._position = self._last_position()
        self.url = ""
        """Where buyers find their challenges."""

    def record(self, asks: Sequence[Ask]) -> list[Recorded]:
        """Decide and write all of them in one transaction, in this order; when it returns, they are on the disk.

        Raises sqlite3.Error, with nothing written, when the disk refuses.
        """
        recorded_at = clock.now().isoformat()
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            answers = [self._settle(ask, recorded_at) for ask in asks]
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            self._position = self._last_position()
            raise
        return answers

    def look_up(self, key: str) -> Answer | None:
        """The recorded answer; None when nothing is recorded for this key."""
        row = self._reader.execute(RECORDED, (key,)).fetchone()
        if row is not None:
            return _answer(*row[3:])
        challenge = self._reader.execute(CHALLENGE, (key,)).fetchone()
        return None if challenge is None else self._required(challenge[0], voided=challenge[2])

    def challenged(self, challenge_id: str) -> AuthorizationWish | None:
        """What the buyer was asked to confirm; None when there is no such challenge."""
        row = self._reader.execute(CHALLENGED, (challenge_id,)).fetchone()
        return None if row is None else _decode_wish(row[0])

    def page(self, cursor: int, limit: int) -> LedgerPage:
        """At most `limit` operations recorded after position `cursor`."""
        return _page(self._reader.execute(PAGE, (cursor, limit)), limit)

    def of_reference(self, reference: str, limit: int) -> LedgerPage:
        """The first `limit` operations of one reference."""
        return _page(self._reader.execute(OF_REFERENCE, (reference, limit)), limit)

    def settlements(self, path: str, query: str) -> SettlementPage:
        """The settlement report at this address. Raises ValueError."""
        return settlements(self._reader, path, query)

    def close(self) -> None:
        """Close both connections; the last one folds the write-ahead log into the file."""
        self._reader.close()
        self._writer.close()

    def _settle(self, ask: Ask, recorded_at: str) -> Recorded:
        wish = ask.wish
        asked = _canonical(wish)
        row = self._writer.execute(RECORDED, (wish.key,)).fetchone()
        if row is not None:
            return _replay(wish, asked, row)
        of = wish.key if isinstance(wish, AuthorizationWish) else wish.authorization_key
        state = self._writer.execute(STATE, (of,)).fetchone()
        before = None if state is None else _authorization(*state)
        if before is None and isinstance(wish, AuthorizationWish) and _asks_buyer(ask, wish):
            return self._challenge(wish, asked)
        verdict = decide(wish, before, ask.struck)
        self._position += 1
        provider_id = "" if verdict.declined else f"sim_{self._position:010d}"
        values = (
            self._position,
            wish.OPERATION,
            wish.key,
            of,
            *_moves(wish, before, verdict),
            *ACCOUNTS[wish.OPERATION],
        )
        said = (
            ("declined", verdict.declined.code, verdict.declined.reason) if verdict.declined else ("approved", "", "")
        )
        self._writer.execute(WRITE_OPERATION, (*values, *said, provider_id, recorded_at, asked))
        if verdict.let_go:
            self._let_go(wish, before, verdict.let_go, recorded_at)
        if verdict.after is not None:
            self._writer.execute(WRITE_STATE, msgspec.structs.astuple(verdict.after))
        known = verdict.after or before
        return Recorded(
            answer=verdict.declined or Approved(provider_id=provider_id),
            fresh=True,
            method=wish.method if isinstance(wish, AuthorizationWish) else known.method if known is not None else "",
        )

    def _let_go(self, wish: Wish, before: Authorization | None, minor: int, recorded_at: str) -> None:
        """What a capture leaves is a void of its own in the books."""
        assert before is not None, "something was captured of it"
        self._position += 1
        key, of = f"{wish.key}#rest", before.key
        moved = (self._position, "void", key, of, before.reference, 0, minor, before.currency, *ACCOUNTS["void"])
        asked = _canonical(VoidWish(key=key, authorization_key=of))
        said = ("approved", "", "", f"sim_{self._position:010d}", recorded_at, asked)
        self._writer.execute(WRITE_OPERATION, (*moved, *said))

    def _challenge(self, wish: AuthorizationWish, asked: bytes) -> Recorded:
        row = self._writer.execute(CHALLENGE, (wish.key,)).fetchone()
        if row is not None:
            same = row[1] == asked
            return Recorded(answer=self._required(row[0], voided=row[2]) if same else None, method=wish.method)
        challenge_id = new_id().hex
        self._writer.execute(WRITE_CHALLENGE, (challenge_id, wish.key, asked))
        return Recorded(answer=self._required(challenge_id, voided=0), fresh=True, method=wish.method)

    def _required(self, challenge_id: str, *, voided: int) -> Answer:
        if voided:
            return Declined(code=DeclineCode.VOIDED, reason="This authorization was voided before it was confirmed.")
        return ActionRequired(provider_id=f"sim_{challenge_id}", url=f"{self.url}{CHALLENGES}{challenge_id}")

    def _last_position(self) -> int:
        return int(self._writer.execute(LAST_POSITION).fetchone()[0])


def _asks_buyer(ask: Ask, wish: AuthorizationWish) -> bool:
    strike = strike_of_method(wish.method)
    return strike is not None and strike.fault.challenges and not ask.proved and ask.struck is None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _replay(wish: Wish, asked: bytes, row: tuple[Any, ...]) -> Recorded:
    operation, method, before, *answer = row
    same = operation == wish.OPERATION and before == asked
    return Recorded(answer=_answer(*answer) if same else None, method=method or "")


def _answer(outcome: str, code: str, reason: str, provider_id: str) -> Answer:
    return Approved(provider_id=provider_id) if outcome == "approved" else Declined(code=code, reason=reason)


def _moves(wish: Wish, before: Authorization | None, verdict: Verdict) -> tuple[str, int, int, str]:
    """Reference, asked amount, moved amount and currency, as far as the wish or its authorization tell them."""
    reference, currency = (before.reference, before.currency) if before is not None else ("", "")
    if isinstance(wish, AuthorizationWish):
        reference = wish.reference
    if isinstance(wish, VoidWish):
        return reference, 0, verdict.moved, currency
    return reference, wish.amount.minor, verdict.moved, wish.amount.currency


def _authorization(
    key: str, reference: str, method: str, minor: int, currency: str, captured: int, refunded: int, voided: int
) -> Authorization:
    return Authorization(
        key=key,
        reference=reference,
        method=method,
        minor=minor,
        currency=currency,
        captured=captured,
        refunded=refunded,
        voided=bool(voided),
    )


def _page(rows: sqlite3.Cursor, limit: int) -> LedgerPage:
    operations = [Entry(**dict(zip(Entry.__struct_fields__, row, strict=True))) for row in rows]
    return LedgerPage(operations=operations, next_cursor=operations[-1].position if len(operations) == limit else None)
