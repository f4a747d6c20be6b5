"""What sensors say: refused, known already, booked."""

from tests.shops import a_call
from tradewind.api.mqtt.intake import Delivered
from tradewind.contexts.inventory.adjust_stock.sensors import book
from tradewind.contexts.inventory.conftest import Store

TOPIC = "iot/inventory/A/delta"


async def say(store: Store, *payloads: bytes, topic: str = TOPIC) -> list[str | None]:
    async with store.db.transaction(a_call("system")) as tx:
        return await book(tx, [Delivered(topic, payload) for payload in payloads])


async def test_what_cannot_be_used_is_kept_with_its_reason_and_its_neighbours_are_booked(store: Store) -> None:
    await store.fill(A=5)
    answers = await say(
        store, b"{", b'{"delta": 0}', b'{"delta": "2"}', b'{"delta": -9}', b'{"delta": -2, "reason": "SENSOR"}'
    )
    assert [answer is None for answer in answers] == [False, False, False, False, True]
    assert await store.stock() == {"A": (3, 0)}
    assert await store.db.pool.fetchval("SELECT count(*) FROM inventory.sensor_dead_letter") == 4


async def test_a_message_counts_once_within_a_batch_and_after_it(store: Store) -> None:
    await store.fill(A=5)
    once = b'{"delta": -1, "id": "m1"}'
    assert await say(store, once, once) == [None, None]
    assert await say(store, once) == [None]
    assert await store.stock() == {"A": (4, 0)}
