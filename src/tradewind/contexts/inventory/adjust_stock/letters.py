"""Sensors' messages that could not be used: told on the dead-letter topic, and dead letters like anybody else's."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Raw, json

from tradewind.api.mqtt.intake import Letter
from tradewind.contexts.inventory._store import sensors
from tradewind.contexts.inventory.adjust_stock.sensors import book_again
from tradewind.contracts.dead_letters import DeadLetter
from tradewind.runtime.database import Tx

CONSUMER: Final = "sensors"
TYPE: Final = "iot.inventory.delta"


class SensorsLetters:
    """Answers to DeadLetters. A place is sensors/<letter>."""

    async def list(self, tx: Tx, limit: int) -> Sequence[DeadLetter]:
        """The oldest ones."""
        return [_shown(row) for row in await sensors.oldest(tx, limit)]

    async def find(self, tx: Tx, id_: str) -> DeadLetter | None:
        """One of them, with what the sensor said."""
        place = _place(id_)
        row = place and await sensors.find(tx, place)
        return _shown(row, Raw(json.encode({"topic": row["topic"], "payload": _text(row)}))) if row else None

    async def redrive(self, tx: Tx, id_: str) -> bool:
        """Book it now. Refuses StillRefused, and the letter stays."""
        place = _place(id_)
        found = place and await sensors.dig_out(tx, place)
        if not found:
            return False
        await book_again(tx, *found)
        tx.audit("dead_letters.redrive", id_)
        return True


async def owed(tx: Tx, limit: int) -> Sequence[Letter]:
    """What the dead-letter topic is to hear: {id, topic, payload, reason}."""
    return [
        Letter(
            row["id"],
            json.encode({"id": row["id"], "topic": row["topic"], "payload": _text(row), "reason": row["reason"]}),
        )
        for row in await sensors.owed(tx, limit)
    ]


def _place(id_: str) -> UUID | None:
    consumer, _, place = id_.partition("/")
    try:
        return UUID(place) if consumer == CONSUMER else None
    except ValueError:
        return None


def _text(row: Any) -> str:
    return bytes(row["payload"]).decode(errors="replace")


def _shown(row: Any, payload: Raw | None = None) -> DeadLetter:
    return DeadLetter(
        id=f"{CONSUMER}/{row['id']}",
        consumer=CONSUMER,
        event_id=row["id"],
        type=TYPE,
        key=row["sku"],
        trace_id=row["trace_id"],
        reason=row["reason"],
        attempts=1,
        parked_at=row["parked_at"],
        payload=payload,
    )
