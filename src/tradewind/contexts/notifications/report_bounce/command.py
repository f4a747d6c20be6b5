"""A message that was sent came back. Nothing is sent to that address any more, on whatever account."""

from typing import Final
from uuid import UUID

from tradewind.contexts.notifications._store import messages
from tradewind.contexts.notifications.show_message.query import NoSuchMessage
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

BOUNCE: Final = """
    UPDATE notifications.message SET status = 'BOUNCED', why = 'came back',
        log = CASE status WHEN 'BOUNCED' THEN log
            ELSE log || jsonb_build_object('at', now(), 'status', 'BOUNCED', 'why', 'came back') END
    WHERE id = $1 AND status IN ('SENT', 'BOUNCED') RETURNING sent_to
"""


class ReportBounce(Command, frozen=True):
    """Say that a message came back."""

    message_id: UUID


@handler(action="notifications.report_bounce")
async def report_bounce(command: ReportBounce, tx: Tx) -> None:
    """Once or again, the same. Refuses (NoSuchMessage) what was never sent."""
    sent_to = await tx.value(BOUNCE, command.message_id)
    if sent_to is None:
        raise NoSuchMessage(messageId=str(command.message_id))
    await messages.stop(tx, [sent_to])
    tx.audit("notifications.report_bounce", str(command.message_id))
