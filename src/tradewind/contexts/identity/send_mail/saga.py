"""Send what waits in identity.pending_mail.

A mail is queued in the transaction of what it tells about, with a saga of the same id; the bell wakes the runner, so it
goes out within a moment of the commit. The port is asked outside of every transaction. After a crash it is asked
again with the same id, and the mail is still one. The row goes with the mail: nothing of it stays in the database.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from tradewind.contexts.identity._domain.mails import Letter
from tradewind.contracts.outcomes import Done, Outcome
from tradewind.kernel.ids import new_id
from tradewind.ports.mail import Mail, Mailer
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task

QUEUE: Final = """
    INSERT INTO identity.pending_mail (id, account_id, recipient, subject, body) VALUES ($1, $2, $3, $4, $5)
"""
WAITING: Final = "SELECT * FROM identity.pending_mail WHERE id = ANY($1::uuid[])"
SENT: Final = "DELETE FROM identity.pending_mail WHERE id = ANY($1::uuid[])"
FORGET: Final = "DELETE FROM identity.pending_mail WHERE account_id = $1 OR recipient = ANY($2::text[])"
ATTEMPTS: Final = 5_000
WITHIN: Final = timedelta(hours=24)
"""A mail server that is away for longer has lost the mail; codes in it have expired by then."""


class _Wish(NamedTuple):
    mailer: Mailer
    mail: Mail


def queue(tx: Tx, account_id: UUID, recipient: str, letter: Letter) -> None:
    """Write a mail with the end of this transaction. One a transaction: statements before the commit are one."""
    mail_id = new_id()
    tx.later(QUEUE, mail_id, account_id, recipient, letter.subject, letter.body)
    sagas.begin(tx, SEND_MAIL, [mail_id], [tx.call])
    tx.ring()


async def forget(tx: Tx, account_id: UUID, recipients: Sequence[str]) -> None:
    """What was to be written to somebody is not."""
    await tx.run(FORGET, account_id, list(recipients))


async def _prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    rows = {row["id"]: row for row in await tx.all(WAITING, [task.saga_id for task in tasks])}
    return [_wish(tx, rows[task.saga_id]) if task.saga_id in rows else Done() for task in tasks]


def _wish(tx: Tx, row: Any) -> _Wish:
    mail = Mail(
        id=row["id"],
        recipient=row["recipient"],
        subject=row["subject"],
        body=row["body"],
        written_at=row["queued_at"],
        user_id=str(row["account_id"]),
    )
    return _Wish(tx.peer(Mailer), mail)


async def _send(_task: Task, wish: _Wish) -> bool:
    await wish.mailer.send(wish.mail)
    return True


async def _record(tx: Tx, answered: Sequence[tuple[Task, Any]]) -> Sequence[Outcome]:
    await tx.run(SENT, [task.saga_id for task, _ in answered])
    return [Done()] * len(answered)


async def _give_up(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    await tx.run(SENT, [task.saga_id for task in tasks])
    return [Done()] * len(tasks)


SEND_MAIL: Final = Saga(
    name="send_mail",
    version=1,
    steps=(
        Step(name="hand_over_mail", do=Remote(_prepare, _send, _record, at_once=4), within=WITHIN, attempts=ATTEMPTS),
    ),
    pivot="hand_over_mail",
    end=Local(_give_up),
    within=WITHIN + timedelta(minutes=30),
)
