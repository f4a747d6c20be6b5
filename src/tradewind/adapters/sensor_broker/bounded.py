"""The broker itself: amqtt, whose connections have bounds."""

import socket
from asyncio import StreamReader, StreamWriter
from typing import Final

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker

MAX_PACKET_BYTES: Final = 2 * 1024 * 1024
"""A larger one is not read: its connection is closed. What is smaller and still too large becomes a dead letter."""
SILENT: Final = {socket.TCP_KEEPIDLE: 60, socket.TCP_KEEPINTVL: 15, socket.TCP_KEEPCNT: 4}
"""Seconds, seconds and times until a peer that says nothing any more is asked, asked again, and given up."""


class BoundedReader(StreamReaderAdapter):  # type: ignore[misc]  # amqtt is published without types
    """Reads no packet that is too large."""

    async def read(self, n: int = -1) -> bytes:
        """So many bytes."""
        if n > MAX_PACKET_BYTES:
            raise MQTTPacketTooLarge(f"A packet has at most {MAX_PACKET_BYTES} bytes.")
        return bytes(await super().read(n))


class MQTTPacketTooLarge(Exception):  # noqa: N818 -- no MQTTError: amqtt would read on, in the middle of the packet
    """More than anybody who means well has to say."""


class AbortableWriter(StreamWriterAdapter):  # type: ignore[misc]  # amqtt is published without types
    """Can be closed at once: what was not sent is never sent."""

    def abort(self) -> None:
        """Close it without a word."""
        self.is_closed = True
        self._writer.transport.abort()


class BoundedBroker(Broker):  # type: ignore[misc]  # amqtt is published without types
    """amqtt, with our reader and writer around each connection."""

    async def stream_connected(self, reader: StreamReader, writer: StreamWriter, listener_name: str) -> None:
        """Serve one connection."""
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in SILENT.items():
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
        try:
            await self.external_connected(BoundedReader(reader), AbortableWriter(writer), listener_name)
        except MQTTPacketTooLarge:
            writer.transport.abort()
