"""A broker that takes connections and hangs up at once, as one behind a proxy does while it is away."""

from datetime import timedelta

import pytest

from tests.wires import wire
from tradewind.app.free_ports import free_port
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.ports.retry_queue import Due, PutOff, Retry, RetryQueueAway

HOST = "127.0.0.1"


async def test_a_broker_that_hangs_up_before_it_has_said_a_word_is_away() -> None:
    from tradewind.adapters.retry_queue.rabbitmq import RabbitRetryQueue

    async with wire(f"amqp://guest:guest@{HOST}:{free_port(HOST)}/") as line:
        queue = RabbitRetryQueue(line.url, "tested")
        soon = PutOff(Retry(new_id(), 1), now() + timedelta(seconds=1))
        for asked in (queue.put_off([soon]), queue.due(), queue.done(Due(()))):
            with pytest.raises(RetryQueueAway):
                await asked
        await queue.close()
