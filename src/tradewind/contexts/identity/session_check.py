"""How an edge asks the database about sessions, where its own memory of those that ended may be behind."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID

from tradewind.api.auth.admission import Admissions
from tradewind.api.auth.outside import OutsideActor
from tradewind.api.auth.revocation import ACCESS_LIFETIME_S, SKEW_S, RevokedSessions, SessionCheck
from tradewind.contexts.identity._store import sessions
from tradewind.contexts.identity.admit_outsider.command import admission
from tradewind.contracts.messages import Command
from tradewind.runtime.call import Call, internal_call
from tradewind.runtime.database import Database

Dispatch = Callable[[Command, Call], Awaitable[Any]]


def session_check(
    db: Database, revoked: RevokedSessions, is_fresh: Callable[[], bool], dispatch: Dispatch
) -> SessionCheck:
    """The check of one process. `is_fresh`: whether it has lately heard the log to its end."""

    async def is_alive(session_id: str) -> bool:
        async with db.reading(internal_call("identity.is_alive")) as tx:
            return bool(await tx.value(sessions.IS_ALIVE, UUID(session_id)))

    async def latest() -> Iterable[str]:
        async with db.reading(internal_call("identity.lately_revoked")) as tx:
            rows = await tx.all(sessions.LATELY_REVOKED, float(ACCESS_LIFETIME_S + SKEW_S))
        return [str(row["id"]) for row in rows]

    async def admit(actor: OutsideActor) -> bool:
        return bool(await dispatch(admission(actor), internal_call("identity.admit_outsider")))

    return SessionCheck(revoked, is_fresh=is_fresh, is_alive=is_alive, latest=latest, admissions=Admissions(admit))
