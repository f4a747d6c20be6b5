"""What the embedded broker acknowledged to sensors and nobody took in yet, kept over its own end.

amqtt keeps messages in memory and forgets those that a consumer does not acknowledge within seconds. So each message is
written down before its sensor hears that it arrived, struck out when the shop has acknowledged it, and published again
whenever the shop subscribes. A message may therefore come twice; whoever takes it in tells by its id.
"""

import logging
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from amqtt.broker import BrokerContext
from amqtt.mqtt import MQTTPacket
from amqtt.mqtt.puback import PubackPacket
from amqtt.mqtt.publish import PublishPacket
from amqtt.plugins.base import BasePlugin
from amqtt.session import Session

TABLE: Final = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS message_by_content ON message (topic, payload);
"""
WRITE: Final = "INSERT INTO message (topic, payload) VALUES (?, ?)"
STRIKE: Final = """
    DELETE FROM message WHERE id = (SELECT min(id) FROM message WHERE topic = ? AND payload = ?)
"""
OPEN: Final = "SELECT topic, payload FROM message ORDER BY id"
AT_LEAST_ONCE: Final = 1
_log = logging.getLogger(__name__)


class Journal(BasePlugin[BrokerContext]):  # type: ignore[misc]  # amqtt is published without types
    """A plugin of amqtt. What it is told happens before the broker's own step: see `on_mqtt_packet_received`."""

    @dataclass
    class Config:
        """The SQLite file, and the client whose acknowledgement counts."""

        file: str
        consumer: str

    def __init__(self, context: BrokerContext) -> None:
        super().__init__(context)
        self._consumer = context.config.consumer
        self._sent: dict[int, tuple[str, bytes]] = {}
        self._db = sqlite3.connect(Path(context.config.file), isolation_level=None)
        self._db.executescript(TABLE)

    async def on_mqtt_packet_received(
        self, *, packet: MQTTPacket[Any, Any, Any], session: Session | None = None
    ) -> None:
        """Write down what came; strike out what was taken in.

        amqtt starts this before the task that answers the packet, and nothing here waits: so a sensor's message is in
        the file before its acknowledgement is on the wire. A file that cannot be written ends the broker instead.
        """
        try:
            if isinstance(packet, PublishPacket) and packet.qos and packet.topic_name:
                self._db.execute(WRITE, (packet.topic_name, bytes(packet.data or b"")))
            elif isinstance(packet, PubackPacket) and session and session.client_id == self._consumer:
                known = self._sent.pop(packet.packet_id or 0, None)
                if known:
                    self._db.execute(STRIKE, known)
        except sqlite3.Error:
            _log.exception("The journal cannot be written")
            os._exit(1)

    async def on_mqtt_packet_sent(self, *, packet: MQTTPacket[Any, Any, Any], session: Session | None = None) -> None:
        """Note under which number the shop was sent what."""
        if isinstance(packet, PublishPacket) and session and session.client_id == self._consumer and packet.qos:
            self._sent[packet.packet_id or 0] = (packet.topic_name or "", bytes(packet.data or b""))

    async def on_broker_client_subscribed(self, *, client_id: str, topic: str, qos: int) -> None:
        """Publish again what the shop did not acknowledge the last time."""
        if client_id != self._consumer:
            return
        for known_topic, payload in self._db.execute(OPEN).fetchall():
            await self.context.broadcast_message(known_topic, payload, AT_LEAST_ONCE)
