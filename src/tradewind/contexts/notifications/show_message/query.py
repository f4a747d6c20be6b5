"""One message in words, made again by its template: no text is kept."""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contexts.notifications._domain.messages import Kind
from tradewind.contexts.notifications._domain.rendering import language_of, render
from tradewind.contexts.notifications._store.documents import of_row, view
from tradewind.contexts.notifications._store.views import LogEntry, MessageView
from tradewind.contexts.notifications.settings import PublicUrl
from tradewind.contracts.customers import CustomersPeer
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import NotFound
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

READ: Final = "SELECT * FROM notifications.message WHERE id = $1"


class NoSuchMessage(NotFound):
    """There is no such message."""


class MessageInWords(Struct, frozen=True, kw_only=True):
    """A message with what became of it, and its words without the link by which it is unsubscribed from."""

    message: MessageView
    log: list[LogEntry]
    subject: str
    text: str
    html: str


class ShowMessage(Command, frozen=True):
    """See a message in words."""

    message_id: UUID


@query(action="notifications.list")
async def show_message(command: ShowMessage, tx: Tx) -> MessageInWords:
    """In the language that its receiver reads now. Refuses NoSuchMessage."""
    row = await tx.row(READ, command.message_id)
    if row is None:
        raise NoSuchMessage(messageId=str(command.message_id))
    reached = await tx.peer(CustomersPeer).reach(tx, [row["user_id"]])
    language = reached[row["user_id"]].language if row["user_id"] in reached else ""
    body = (document := of_row(row)).body
    facts = {**body["facts"], "shop": str(tx.peer(PublicUrl))}
    said = render(Kind(row["kind"]), language_of(language), facts)
    log = msgspec.convert(body["log"], list[LogEntry])
    return MessageInWords(message=view(document), log=log, subject=said.subject, text=said.text, html=said.html)
