"""What a paused process may not keep. Stopped, not dead, it still has its connections, and with them locks and leads.

Postgres is told to end its transactions: one in which nothing is said, and from version 17 on any that takes too long.
The latter also ends those that were paused between preparing a statement and running it, which do not count as idle.
"""

from typing import Any, Final

LONGEST: Final = 3
"""How many times as long as a silence a transaction may take altogether."""
LIMIT: Final = "SELECT set_config('transaction_timeout', $1, false)"


def when_silent(silent_s: float) -> dict[str, str]:
    """Server settings for a connection whose process may fall silent for `silent_s` seconds inside a transaction."""
    return {"idle_in_transaction_session_timeout": _ms(silent_s)}


def when_idle(silent_s: float) -> dict[str, str]:
    """The same for a connection that always has something to say, and holds something as long as it lives."""
    return {**when_silent(silent_s), "idle_session_timeout": _ms(silent_s)}


async def limit(connection: Any, silent_s: float) -> None:
    """Bound all later transactions of a fresh connection."""
    if connection.get_server_version() >= (17,):
        await connection.fetchval(LIMIT, _ms(LONGEST * silent_s))


def _ms(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
