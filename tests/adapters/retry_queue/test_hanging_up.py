"""A broker that takes connections and hangs up at once, as one behind a proxy does while it is away."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.wires import wire
from tradewind.app.free_ports import free_port
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.ports.retry_queue import Due, PutOff, Retry, RetryQueueAway

HOST = "127.0.0.1"
connect = asyncio.open_connection


async def busy(*where: Any, **how: Any) -> Any:
    """Connect, as a loop does that has so much else to do that the other side has hung up by the time it looks."""
    reader, writer = await connect(*where, **how)
    assert await reader.read() == b""
    return reader, writer


@pytest.mark.parametrize("is_busy", [False, True])
async def test_a_broker_that_hangs_up_before_it_has_said_a_word_is_away(
    monkeypatch: pytest.MonkeyPatch, *, is_busy: bool
) -> None:
    from tradewind.adapters.retry_queue.rabbitmq import RabbitRetryQueue

    async with wire(f"amqp://guest:guest@{HOST}:{free_port(HOST)}/") as line:
        line.cut()
        if is_busy:
            monkeypatch.setattr(asyncio, "open_connection", busy)
        queue = RabbitRetryQueue(line.url, "tested")
        soon = PutOff(Retry(new_id(), 1), now() + timedelta(seconds=1))
        for asked in (queue.put_off([soon]), queue.due(), queue.done(Due(()))):
            with pytest.raises(RetryQueueAway):
                await asked
        await queue.close()
