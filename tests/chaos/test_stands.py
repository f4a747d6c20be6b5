"""What a stand says where something is wrong: a minute in which nobody carried on must not be a riddle afterwards."""

import signal
from typing import Final

import pytest

from tests.chaos import stands
from tests.chaos.stands import Stand
from tests.shops import until

LED: Final = "SELECT EXISTS (SELECT FROM runtime.position)"


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing settles here: no worker lives long enough."""
    monkeypatch.setattr(stands, "SETTLE_S", 0.0)


async def test_a_worker_that_died_by_itself_is_told_of_with_its_last_words_and_who_holds_what(stand: Stand) -> None:
    dead = stand.worker(PORT="nowhere")
    assert await dead.ended() == 1
    died, lives, *held = await stand.violations({})
    assert died == f"died by itself: {lives}"
    assert f"process {dead.pid} ({dead.log}) ended with 1; its last words: " in lives
    assert "TRADEWIND_PORT" in lives
    assert "who leads the relay: nobody" in held
    assert any(line.startswith("connections, by database: ") for line in held)


async def test_one_that_was_killed_or_told_to_stop_is_no_violation(stand: Stand) -> None:
    killed, stopped = stand.worker(), stand.worker()
    killed.kill(signal.SIGKILL)
    await killed.ended()
    await until(stand.shop, lambda: stand.shop.db.pool.fetchval(LED))
    assert await stopped.stop() == 0
    assert await stand.violations({}) == []


async def test_a_wait_in_vain_tells_who_holds_what(stand: Stand) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(TimeoutError) as late:
        await until(stand.shop, never, within_s=0.1)
    (note,) = late.value.__notes__
    assert "connections, by database: " in note
