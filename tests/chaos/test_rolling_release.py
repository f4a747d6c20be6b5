"""R16: releases come and go under load, a saga has a step more in one of them: no request fails, every order ends."""

import signal
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import pytest

from tests.chaos.next_release import ADDED
from tests.chaos.releases import Buyers, Release, buying, released
from tests.chaos.stands import Stand, dice, seeds
from tests.chaos.workload import APPROVE, NO_CARRIER, place

EACH: Final = 100
"""Sagas that are brought to rest at each of the places where one can rest; local steps share a transaction."""
PLACES: Final = (
    ("saga.claim.after_commit", APPROVE),
    ("saga.authorize_payment.before_ask", APPROVE),
    ("saga.authorize_payment.after_ask", APPROVE),
    ("saga.capture_payment.after_ask", APPROVE),
    ("saga.undo_authorize_payment.after_ask", NO_CARRIER),
)
UNDER_LOAD: Final = 60
"""Orders placed between two releases."""
NEXT: Final = {"TEST_RELEASE": "tests.chaos.next_release"}
RESTING: Final = """
    SELECT phase || ' ' || step AS place, count(*)::int AS sagas FROM runtime.saga
    WHERE name = 'place_order' GROUP BY 1 ORDER BY 1
"""
HOLD_BACK: Final = (
    "UPDATE runtime.saga SET due_at = now() + interval '1 hour' WHERE phase IN ('STARTED', 'COMPENSATING')"
)
LET_GO: Final = "UPDATE runtime.saga SET due_at = now() WHERE phase IN ('STARTED', 'COMPENSATING')"
VERSIONS: Final = """
    SELECT s.version, count(*)::int AS sagas, count(*) FILTER (WHERE s.phase = 'COMPLETED')::int AS completed,
           count(*) FILTER (WHERE EXISTS (SELECT FROM runtime.saga_journal AS j WHERE j.saga_id = s.id
                                          AND j.step = $1))::int AS screened
    FROM runtime.saga AS s WHERE s.name = 'place_order' GROUP BY s.version ORDER BY s.version
"""


async def resting_everywhere(stand: Stand, seed: int) -> dict[UUID, str]:
    """Orders whose sagas rest wherever one can, by how they must end: workers died when one of them had come so far."""
    expected: dict[UUID, str] = {}
    for boundary, kind in PLACES:
        expected |= await place(stand.shop, [kind] * EACH, dice(seed, boundary))
        worker = stand.worker(FAILPOINTS=f"{boundary}=kill@1")
        assert await worker.ended() == -signal.SIGKILL
        await stand.shop.db.pool.execute(HOLD_BACK)
    await stand.shop.db.pool.execute(LET_GO)
    return expected


async def replaced(buyers: Buyers, stand: Stand, old: Release, **more: str) -> tuple[Release, Sequence[int]]:
    """Another release takes over, as a rolling deployment does it: up first, then the old one is told to go."""
    new = await released(stand, **more)
    buyers.open.append(new.url)
    await buyers.more(UNDER_LOAD)
    buyers.open.remove(old.url)
    codes = await old.end()
    await buyers.more(UNDER_LOAD)
    return new, codes


@pytest.mark.timeout(120 + 180 * len(seeds()))
async def test_releases_come_and_go_under_load_and_no_request_fails_and_every_order_ends(stand: Stand) -> None:
    for seed in seeds():
        resting = await resting_everywhere(stand, seed)
        rest = {row["place"]: row["sagas"] for row in await stand.shop.db.pool.fetch(RESTING)}
        old = await released(stand)
        async with buying(stand, old.url) as buyers:
            await buyers.more(UNDER_LOAD)
            new, went = await replaced(buyers, stand, old, **NEXT)
            back, came_back = await replaced(buyers, stand, new)
            again, again_went = await replaced(buyers, stand, back, **NEXT)
        expected = resting | dict.fromkeys(buyers.placed, "PAID")
        violations = await stand.violations(expected)
        rows = [dict(row) for row in await stand.shop.db.pool.fetch(VERSIONS, ADDED)]
        print(
            f"\nseed {seed}: {len(resting)} sagas rest at {rest}; 3 releases under load: "
            f"{len(buyers.placed)} orders, {len(buyers.failed)} failed, {buyers.elsewhere} found a door shut; {rows}"
        )
        assert {*went, *came_back, *again_went, *await again.end()} == {0}
        assert not violations, "\n".join(violations)
        assert buyers.failed == []
        first, second = rows
        assert second["screened"] == second["completed"] == second["sagas"] > 0
        assert first["screened"] == 0
        assert first["completed"] >= EACH * (len(PLACES) - 1)
        assert len(rest) >= 3
