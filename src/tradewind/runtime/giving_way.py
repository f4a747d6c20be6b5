"""What a paused process may not keep. Stopped, not dead, it still has its connections, and with them locks and leads.

Postgres itself ends transactions in which nothing is said. A process that is paused between preparing a statement and
running it does not count as idle, though, so workers look for connections of that kind and end them.
"""

from typing import Any, Final

from tradewind.runtime.telemetry.logs import log

NAME: Final = "tradewind part"
"""How connections are called that may be ended when they are silent."""
END_SILENT: Final = """
    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND application_name = $1 AND pid <> pg_backend_pid()
      AND xact_start IS NOT NULL AND wait_event = 'ClientRead' AND state_change < now() - make_interval(secs => $2)
"""


def when_silent(silent_s: float) -> dict[str, str]:
    """Server settings for a connection whose process may fall silent for `silent_s` seconds inside a transaction."""
    return {"application_name": NAME, "idle_in_transaction_session_timeout": f"{round(silent_s * 1000)}ms"}


def when_idle(silent_s: float) -> dict[str, str]:
    """The same for a connection that always has something to say, and holds something as long as it lives."""
    return {**when_silent(silent_s), "idle_session_timeout": f"{round(silent_s * 1000)}ms"}


async def end_silent(tx: Any, silent_s: float) -> int:
    """End the silent transactions of other processes; how many there were."""
    ended: int = await tx.value(END_SILENT, NAME, silent_s)
    if ended:
        log.warning("silent transactions ended", count=ended)
    return ended
