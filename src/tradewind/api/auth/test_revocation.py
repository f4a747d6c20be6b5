"""Ended sessions are known as long as their tokens could be good, and asked for where this process may be behind."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from tradewind.api.auth.revocation import RevokedSessions, SessionCheck
from tradewind.api.auth.tokens import TokenRevoked
from tradewind.kernel import clock
from tradewind.kernel.errors import Unavailable
from tradewind.runtime.call import Actor

ADA = Actor(subject="ada", session="s-1")
GUEST = Actor(subject="guest-1")


class Database:
    """What the database would say, and how often it was asked. None: it does not answer."""

    def __init__(self, ended: set[str] | None) -> None:
        self.ended = ended
        self.asked = 0

    async def is_alive(self, session: str) -> bool:
        self.asked += 1
        if self.ended is None:
            raise Unavailable
        return session not in self.ended

    async def latest(self) -> Iterable[str]:
        if self.ended is None:
            raise Unavailable
        return self.ended


def checking(revoked: RevokedSessions, database: Database, *, fresh: bool) -> SessionCheck:
    return SessionCheck(revoked, is_fresh=lambda: fresh, is_alive=database.is_alive, latest=database.latest)


async def test_where_this_process_is_behind_and_the_database_does_not_answer_nobody_gets_in() -> None:
    for fresh in (False, True):
        check = checking(RevokedSessions(), Database(None), fresh=fresh)
        assert check.in_doubt(ADA)
        with pytest.raises(Unavailable):
            await check.confirm(ADA)
        assert check.in_doubt(ADA), "a load that failed made nothing whole"


async def test_where_this_process_is_behind_the_database_decides_each_time() -> None:
    database, revoked = Database({"s-1"}), RevokedSessions()
    check = checking(revoked, database, fresh=False)
    for _ in range(2):
        assert check.in_doubt(ADA)
        with pytest.raises(TokenRevoked):
            await check.confirm(ADA)
    assert database.asked == 2
    await check.confirm(Actor(subject="bob", session="s-2"))


async def test_a_process_that_is_up_to_date_loads_once_and_then_asks_nobody() -> None:
    database, revoked = Database({"s-1"}), RevokedSessions()
    check = checking(revoked, database, fresh=True)
    await check.confirm(Actor(subject="bob", session="s-2"))
    assert "s-1" in revoked
    assert not check.in_doubt(ADA)
    assert database.asked == 1
    revoked.miss()
    assert check.in_doubt(ADA)


async def test_who_has_no_session_is_never_in_doubt() -> None:
    check = checking(RevokedSessions(), Database(None), fresh=False)
    assert not check.in_doubt(GUEST)
    await check.confirm(GUEST)


def test_an_ended_session_is_forgotten_when_no_token_of_it_can_be_good_any_more() -> None:
    revoked, start = RevokedSessions(keep_s=60), clock.now()
    for seconds, session in ((0, "s-1"), (30, "s-2"), (40, "s-1"), (61, "s-3")):
        with clock.held(start + timedelta(seconds=seconds)):
            revoked.add(session)
    assert {"s-1", "s-2", "s-3"} <= set(revoked._ended)
    with clock.held(start + timedelta(seconds=91)):
        revoked.add("s-4")
    assert set(revoked._ended) == {"s-1", "s-3", "s-4"}, "s-1 ended again at 40"


def test_what_another_process_tells_late_is_not_remembered_longer_for_that() -> None:
    revoked, start = RevokedSessions(keep_s=60), clock.now()
    with clock.held(start + timedelta(seconds=50)):
        revoked.hear("s-0", (start - timedelta(seconds=10)).timestamp())
        revoked.hear("s-1", start.timestamp())
        assert set(revoked.known) == {"s-1"}, "s-0 ended a minute ago"
    with clock.held(start + timedelta(seconds=61)):
        revoked.hear("s-1", start.timestamp())
        assert not revoked.known


def test_who_ends_a_session_tells_others_and_who_hears_of_it_does_not() -> None:
    revoked = RevokedSessions()
    told: list[str] = []
    revoked.end("s-0")
    revoked.tells = told.append
    revoked.end("s-1")
    revoked.add("s-2")
    revoked.hear("s-3", clock.now().timestamp())
    assert (told, set(revoked.known)) == (["s-1"], {"s-0", "s-1", "s-2", "s-3"})
