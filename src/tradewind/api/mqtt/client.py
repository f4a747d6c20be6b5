"""One connection to a broker, on which messages count as received only when the shop says so."""

from types import TracebackType

import aiomqtt

from tradewind.api.mqtt.address import Address

TIMEOUT_S = 10.0


class Client(aiomqtt.Client):
    """A client whose messages the broker may forget when `acknowledge` is called, not when they arrive."""

    def __init__(self, at: Address) -> None:
        super().__init__(
            at.host,
            at.port,
            username=at.user,
            password=at.password,
            identifier=at.client,
            clean_session=at.client is None,
            timeout=TIMEOUT_S,
            tls_params=aiomqtt.TLSParameters() if at.tls else None,
        )
        self._client.manual_ack_set(True)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up. Whoever waited for a message was told why it is gone; asyncio need not complain that nobody was."""
        await super().__aexit__(kind, error, trace)
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()

    def acknowledge(self, message: aiomqtt.Message) -> None:
        """Let the broker forget it."""
        self._client.ack(message.mid, message.qos)

    async def waiting(self, most: int) -> list[aiomqtt.Message]:
        """The next message, and at once whatever is there already, `most` of them together."""
        batch = [await anext(self.messages)]
        while len(self.messages) and len(batch) < most:
            batch.append(await anext(self.messages))
        return batch
