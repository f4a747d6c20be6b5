"""Messages as documents: what people look at, and what of it has changed since a place."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tradewind.contexts.notifications._store.views import MessageView
from tradewind.ports.documents import Collection, Document, Gone, Reached
from tradewind.runtime.database import Tx

MESSAGES: Final = Collection("messages", ("userId", "orderId", "status"))
NO_HORIZON: Final = 2**63 - 1
CHANGED: Final = """
    SELECT id, kind, channel, status, user_id, order_id, facts::text AS facts, why, attempt, log::text AS log,
           owed_at, due_at, settled_at, stamp
    FROM notifications.message WHERE (stamp, id) > ($1, $2) AND stamp < $3 ORDER BY stamp, id LIMIT $4
"""
GONE: Final = """
    SELECT id, stamp FROM notifications.gone WHERE (stamp, id) > ($1, $2) AND stamp < $3 ORDER BY stamp, id LIMIT $4
"""


async def changes(tx: Tx, after: Reached, many: int, *, below: int = NO_HORIZON) -> Sequence[Document | Gone]:
    """What has changed since, in its sequence; its version is its stamp."""
    rows = await tx.all(CHANGED, *after, below, many)
    gone = await tx.all(GONE, *after, below, many)
    found: list[Document | Gone] = [*map(of_row, rows)]
    found += [Gone(id=row["id"], version=row["stamp"]) for row in gone]
    return sorted(found, key=lambda one: (one.version, one.id))[:many]


def of_row(row: Any) -> Document:
    """A message's document; a row of `notifications.message` as CHANGED reads it."""
    keys = {"userId": row["user_id"], "status": row["status"]}
    if row["order_id"] is not None:
        keys["orderId"] = str(row["order_id"])
    body = {
        "kind": row["kind"],
        "channel": row["channel"],
        "attempts": row["attempt"],
        "why": row["why"],
        "dueAt": row["due_at"].isoformat(),
        "settledAt": row["settled_at"] and row["settled_at"].isoformat(),
        "facts": msgspec.json.decode(row["facts"]),
        "log": msgspec.json.decode(row["log"]),
    }
    return Document(id=row["id"], version=row["stamp"], at=row["owed_at"], keys=keys, body=body)


def has(document: Document, words: Mapping[str, str]) -> bool:
    """Whether it is one of those that are looked for."""
    return all(document.keys.get(name) == word for name, word in words.items())


def view(document: Document) -> MessageView:
    """A message as staff sees it."""
    keys, body = document.keys, document.body
    return MessageView(
        id=document.id,
        kind=body["kind"],
        channel=body["channel"],
        status=keys["status"],
        user_id=keys["userId"],
        order_id=UUID(keys["orderId"]) if "orderId" in keys else None,
        attempts=body["attempts"],
        why=body["why"],
        owed_at=document.at,
        due_at=datetime.fromisoformat(body["dueAt"]),
        settled_at=datetime.fromisoformat(body["settledAt"]) if body["settledAt"] else None,
    )
