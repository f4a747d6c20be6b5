"""From sensors into the journal, from the journal to the shop: how the broker keeps what it acknowledged.

amqtt holds messages in memory and forgets those that are not acknowledged within seconds. So a delta is written down
before its sensor hears that it arrived, handed to the shop by this plugin instead of by the broker, at most WINDOW at a
time, and struck out when the shop has acknowledged it. What was not, is handed over again when the shop is back.

A sensor's message goes to the shop on its topic with one more level: the journal's name and the message's number, which
tell a repetition from a second message of the same words. Between sensor and broker there is no such thing in MQTT
3.1.1, so a sensor that puts no id into its payload is heard at least once.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from amqtt.broker import BrokerContext
from amqtt.mqtt import MQTTPacket
from amqtt.mqtt.puback import PubackPacket
from amqtt.mqtt.publish import PublishPacket
from amqtt.plugins.base import BasePlugin
from amqtt.session import Session

from tradewind.adapters.sensor_broker.gate import IS, Topics, is_shop
from tradewind.adapters.sensor_broker.journal import Entry, Journal

AT_LEAST_ONCE: Final = 1
WINDOW: Final = 1000
"""Messages that the shop has and did not acknowledge yet, at most."""
PACKET_IDS: Final = 65_535
_log = logging.getLogger(__name__)


class Feed(BasePlugin[BrokerContext]):  # type: ignore[misc]  # amqtt is published without types
    """A plugin of amqtt, told of every packet before the broker itself acts on it."""

    @dataclass
    class Config:
        """The journal's file and bounds, and the topics."""

        file: str
        most: int
        most_bytes: int
        deltas: str
        dead_letters: str

    def __init__(self, context: BrokerContext) -> None:
        super().__init__(context)
        config = context.config
        self._topics = Topics(config.deltas, config.dead_letters)
        self._journal = Journal(Path(config.file), most=config.most, most_bytes=config.most_bytes)
        self._perhaps_sent = self._journal.highest
        self._shop: Session | None = None
        self._handing: asyncio.Task[None] | None = None
        self._sent: dict[int, int] = {}
        self._news = asyncio.Event()
        self._is_full = False

    async def on_mqtt_packet_received(
        self, *, packet: MQTTPacket[Any, Any, Any], session: Session | None = None
    ) -> None:
        """Write down what a sensor said; strike out what the shop took in.

        amqtt starts this before the task that answers the packet, and nothing here waits: so a message is in the file
        before its acknowledgement is on the wire, or the connection is gone before that. A file that cannot be written
        ends the broker.
        """
        try:
            if isinstance(packet, PublishPacket) and session:
                self._hear(packet, session)
            elif isinstance(packet, PubackPacket) and session is not None and session is self._shop:
                number = self._sent.pop(packet.packet_id or 0, None)
                if number is not None:
                    self._journal.strike(number)
                    self._news.set()
        except sqlite3.Error:
            _log.exception("The journal cannot be written")
            os._exit(1)

    def _hear(self, packet: PublishPacket, session: Session) -> None:
        packet.retain_flag = False  # what is kept for later subscribers is a state; this is a change, and counts once
        topic = packet.topic_name or ""
        if session.attributes.get(IS) is None or is_shop(session):
            return
        if not self._topics.is_delta(topic):
            _log.error("A sensor may not publish on %r; its connection is closed", topic)
            self._hang_up(session)
        elif self._journal.write(topic, bytes(packet.data or b"")):
            self._is_full = False
            self._news.set()
        else:
            if not self._is_full:
                _log.error("%d messages wait for the shop; no more are taken until it is back", self._journal.waiting)
            self._is_full = True
            self._hang_up(session)

    def _hang_up(self, session: Session) -> None:
        """Close the connection at once: MQTT 3.1.1 has no other way to say no to a message. The sensor keeps it."""
        handler = self._handler(session)
        if handler and handler.writer:
            handler.writer.abort()

    def _handler(self, session: Session) -> Any:
        known, handler = self.context._broker_instance.sessions.get(session.client_id, (None, None))
        return handler if known is session else None

    async def on_broker_client_subscribed(self, *, client_id: str, topic: str, qos: int) -> None:
        """Begin to hand the journal over, from its first message, to a shop that subscribed."""
        session = self.context.get_session(client_id)
        if session is None or not is_shop(session) or topic == self._topics.dead_letters:
            return
        await self._stop_handing()
        self._shop = session
        self._handing = asyncio.create_task(self._hand_over(self._handler(session)))

    async def on_broker_client_disconnected(self, *, client_id: str, client_session: Session) -> None:
        """Stop handing over to a shop that is gone."""
        if client_session is self._shop:
            await self._stop_handing()

    async def close(self) -> None:
        """The broker stops."""
        await self._stop_handing()
        self._journal.close()

    async def _stop_handing(self) -> None:
        handing, self._handing, self._shop = self._handing, None, None
        self._sent.clear()
        if handing:
            handing.cancel()
            await asyncio.wait([handing])  # however it ends: amqtt makes an error of its own of being cancelled

    async def _hand_over(self, handler: Any) -> None:
        last = 0
        while True:
            self._news.clear()
            for entry in self._waiting(last):
                last = entry.number
                await self._hand(handler, entry)
            await self._news.wait()

    def _waiting(self, after: int) -> Sequence[Entry]:
        try:
            return self._journal.after(after, WINDOW - len(self._sent))
        except sqlite3.Error:
            _log.exception("The journal cannot be read")
            os._exit(1)

    async def _hand(self, handler: Any, entry: Entry) -> None:
        packet_id = entry.number % PACKET_IDS + 1
        self._sent[packet_id] = entry.number
        again = entry.number <= self._perhaps_sent
        self._perhaps_sent = max(self._perhaps_sent, entry.number)
        topic = "/".join([*entry.topic.split("/")[: len(self._topics.deltas.split("/"))], self._stamp(entry)])
        # amqtt's public way to publish waits for the acknowledgement for 5 s, then forgets the message
        await handler._send_packet(PublishPacket.build(topic, entry.payload, packet_id, again, AT_LEAST_ONCE, False))

    def _stamp(self, entry: Entry) -> str:
        """The message's id: the one that its sensor put into the topic, or its place in the journal."""
        own = entry.topic.split("/")[len(self._topics.deltas.split("/")) :]
        return own[0] if own else f"{self._journal.name}-{entry.number}"
