"""What sensors say: refused, known already, booked."""

from uuid import UUID

import pytest

from tests.shops import a_call
from tradewind.api.mqtt.intake import Delivered
from tradewind.contexts.inventory._domain.reading import MAX_PAYLOAD_BYTES, StillRefused
from tradewind.contexts.inventory.adjust_stock.letters import SensorsLetters, owed
from tradewind.contexts.inventory.adjust_stock.sensors import (
    KEEP_IDS_DAYS,
    _forget,
    book,
    give_up,
)
from tradewind.contexts.inventory.conftest import Store, wants
from tradewind.kernel.ids import new_id

TOPIC = "iot/inventory/A/delta"
LETTERS = SensorsLetters()
REASONS = "SELECT reason FROM inventory.sensor_dead_letter ORDER BY place"
WRITTEN = """
    SELECT (SELECT count(*) FROM inventory.inventory_adjustment), (SELECT count(*) FROM runtime.outbox),
           (SELECT count(*) FROM runtime.audit_entry)
"""
ADD_PRODUCT = (
    "INSERT INTO catalog.products (id, sku, name, category, price_minor, currency) VALUES ($1, $2, 'x', 'x', 1, 'GBP')"
)
UNUSABLE = {
    b"": "cannot be read",
    b"{": "cannot be read",
    b"\xff\xfe": "cannot be read",
    b"[]": "cannot be read",
    b"{}": "missing required field `delta`",
    b'{"delta": "2"}': "cannot be read",
    b'{"delta": 1.5}': "cannot be read",
    b'{"delta": null}': "cannot be read",
    b'{"delta": 0}': "not zero",
    b'{"delta": 1000001}': "whole number up to 1000000",
    b'{"delta": 99999999999999999999999}': "whole number up to 1000000",
    b'{"delta": 1, "reason": ""}': "printable characters",
    b'{"delta": 1, "reason": "a\\u0000b"}': "printable characters",
    b'{"delta": 1, "id": ""}': "cannot be read",
    b'{"delta": 1, "id": "two words"}': "cannot be read",
    b'{"delta": 1, "id": 7}': "cannot be read",
    b'{"delta": -6}': "5 on hand",
    b'{"delta": 1, "warehouse": "NOWHERE"}': "no warehouse with this code",
    b'{"delta": 1, "warehouse": "a shelf"}': "cannot be read",
    b'{"delta": -1, "warehouse": "MAIN", "reason": ""}': "printable characters",
    b'{"delta": 1}' + b" " * MAX_PAYLOAD_BYTES: "at most 4096 bytes",
    b"x" * 1_000_000: "at most 4096 bytes",
}


async def say(store: Store, *payloads: bytes, topic: str = TOPIC) -> list[str]:
    async with store.db.transaction(a_call("system")) as tx:
        return list(await book(tx, [Delivered(topic, payload) for payload in payloads]))


async def reasons(store: Store) -> list[str]:
    return [row[0] for row in await store.db.pool.fetch(REASONS)]


async def redrive(store: Store, id_: str) -> bool:
    async with store.db.transaction(a_call("admin")) as tx:
        return await LETTERS.redrive(tx, id_)


async def ids(store: Store) -> list[str]:
    async with store.db.reading(a_call("admin")) as tx:
        return [letter.id for letter in await LETTERS.list(tx, 100)]


@pytest.mark.parametrize("payload", list(UNUSABLE), ids=lambda payload: payload[:24].decode(errors="replace"))
async def test_what_cannot_be_used_is_kept_with_its_reason_and_nothing_else_is_written(
    store: Store, payload: bytes
) -> None:
    await store.fill(A=5)
    before = await store.db.pool.fetchrow(WRITTEN)
    assert await say(store, payload) == ["refused"]
    (reason,) = await reasons(store)
    assert UNUSABLE[payload] in reason
    assert await store.db.pool.fetchrow(WRITTEN) == before
    assert await store.stock() == {"A": (5, 0)}


@pytest.mark.parametrize("sku", ["NOBODY", "no sku", "", "x" * 60_000, "zero\0zero"])
async def test_a_sku_that_no_product_carries_is_refused(store: Store, sku: str) -> None:
    assert await say(store, b'{"delta": 1, "id": "m"}', topic=f"iot/inventory/{sku}/delta") == ["refused"]
    assert len(await reasons(store)) == 1
    assert await store.stock() == {}


async def test_neighbours_of_what_cannot_be_used_are_booked(store: Store) -> None:
    await store.fill(A=5)
    answers = await say(store, b"{", b'{"delta": -9}', b'{"delta": -2, "reason": "SENSOR"}', b'{"delta": 1}')
    assert answers == ["refused", "refused", "taken", "taken"]
    assert await store.stock() == {"A": (4, 0)}


async def test_what_is_promised_to_buyers_cannot_go(store: Store) -> None:
    await store.fill(A=5)
    await store.reserve(wants(A=4))
    assert await say(store, b'{"delta": -1}', b'{"delta": -1}') == ["taken", "refused"]
    assert await store.stock() == {"A": (4, 4)}


async def test_a_message_counts_once_within_a_batch_and_after_it(store: Store) -> None:
    await store.fill(A=5)
    once = b'{"delta": -1, "id": "m1"}'
    assert await say(store, once, once) == ["taken", "duplicate"]
    assert await say(store, once) == ["duplicate"]
    assert await store.stock() == {"A": (4, 0)}


async def test_a_refused_message_that_comes_again_is_one_letter(store: Store) -> None:
    await store.fill(A=5)
    much = b'{"delta": -9, "id": "m1"}'
    assert await say(store, much, much) == ["refused", "duplicate"]
    assert await say(store, much) == ["duplicate"]
    assert len(await reasons(store)) == 1


async def test_the_id_may_stand_below_the_topic_and_the_payloads_own_goes_first(store: Store) -> None:
    await store.fill(A=9)
    for below, payload, answer in (
        ("j-1", b'{"delta": -1}', "taken"),
        ("j-1", b'{"delta": -1}', "duplicate"),
        ("j-2", b'{"delta": -1}', "taken"),
        ("j-3", b'{"delta": -1, "id": "m"}', "taken"),
        ("j-4", b'{"delta": -1, "id": "m"}', "duplicate"),
        ("j-5", b"{", "refused"),
        ("j-5", b"{", "duplicate"),
    ):
        assert await say(store, payload, topic=f"{TOPIC}/{below}") == [answer], below
    assert await store.stock() == {"A": (6, 0)}


async def test_messages_without_an_id_are_all_booked(store: Store) -> None:
    await store.fill(A=5)
    plain = b'{ "delta": -2, "reason": "SENSOR" }'
    assert await say(store, plain, plain) == ["taken", "taken"]
    assert await store.stock() == {"A": (1, 0)}


async def test_the_first_message_opens_the_stock_of_a_product_and_each_is_told_and_audited(store: Store) -> None:
    await store.db.pool.execute(ADD_PRODUCT, new_id(), "A")
    assert await say(store, b'{"delta": 8}', b'{"delta": -7}') == ["taken", "taken"]
    assert await store.stock() == {"A": (1, 0)}
    assert [kind for kind, _ in await store.told()] == ["stock.adjusted", "stock.adjusted", "stock.low"]
    assert await store.db.pool.fetchval("SELECT count(*) FROM runtime.audit_entry WHERE subject = 'A'") == 2


async def test_a_letter_that_can_be_booked_by_now_is_redriven_once(store: Store) -> None:
    await store.fill(A=5)
    much = b'{"delta": -9, "id": "m1"}'
    await say(store, much)
    (id_,) = await ids(store)
    with pytest.raises(StillRefused):
        await redrive(store, id_)
    assert await ids(store) == [id_]
    assert await say(store, b'{"delta": 10}') == ["taken"]
    assert await redrive(store, id_)
    assert not await redrive(store, id_)
    assert await say(store, much) == ["duplicate"]
    assert await store.stock() == {"A": (6, 0)}
    assert await ids(store) == []


async def test_what_is_too_long_stays_so_however_little_of_it_is_kept(store: Store) -> None:
    await store.fill(A=5)
    await say(store, b'{"delta": 1}' + b" " * 1_000_000)
    assert await store.db.pool.fetchval("SELECT length(payload) FROM inventory.sensor_dead_letter") == 4097
    (id_,) = await ids(store)
    with pytest.raises(StillRefused):
        await redrive(store, id_)


@pytest.mark.parametrize("id_", ["sensors/", "sensors/1", "webhooks/1/1", f"sensors/{UUID(int=0)}"])
async def test_no_such_letter_is_nobodys(store: Store, id_: str) -> None:
    async with store.db.reading(a_call("admin")) as tx:
        assert await LETTERS.find(tx, id_) is None
    assert not await redrive(store, id_)


async def test_a_letter_shows_what_was_said_and_why_not_and_the_topic_is_owed_it(store: Store) -> None:
    await store.fill(A=5)
    async with store.db.transaction(a_call("system")) as tx:
        give_up(tx, Delivered(TOPIC, b'{"delta": 1}'), "It could not be handled.")
    (id_,) = await ids(store)
    async with store.db.reading(a_call("admin")) as tx:
        letter = await LETTERS.find(tx, id_)
        (announcement,) = await owed(tx, 10)
    assert letter is not None
    assert (letter.consumer, letter.key, letter.reason) == ("sensors", "A", "It could not be handled.")
    assert b'"payload":"{\\"delta\\": 1}"' in bytes(letter.payload or b"")
    assert str(announcement.id).encode() in announcement.body


async def test_ids_are_forgotten_after_their_time_and_not_before(store: Store) -> None:
    await store.fill(A=5)
    await say(store, b'{"delta": -1, "id": "old"}', b'{"delta": -1, "id": "new"}')
    age = "UPDATE inventory.sensor_inbox SET at = now() - make_interval(days => $1, mins => 1) WHERE message_id = 'old'"
    await store.db.pool.execute(age, KEEP_IDS_DAYS)
    async with store.db.transaction(a_call("system")) as tx:
        assert await _forget(tx) == 1
    assert await say(store, b'{"delta": -1, "id": "new"}') == ["duplicate"]


async def test_a_sensor_may_name_the_warehouse_whose_shelf_it_watches(store: Store) -> None:
    await store.fill(A=5)
    await store.open("NORTH")
    seen = [b'{"delta": 3, "warehouse": "NORTH", "id": "n1"}', b'{"delta": -2, "id": "m1"}']
    await store.open("SOUTH")
    await store.db.pool.execute("UPDATE inventory.warehouse SET active = false WHERE code = 'SOUTH'")
    assert await say(store, b'{"delta": 1, "warehouse": "SOUTH", "id": "s1"}') == ["refused"]
    taken_away = b'{"delta": -4, "warehouse": "NORTH", "id": "n2"}'
    assert await say(store, *seen, taken_away) == ["taken", "taken", "refused"]
    assert await say(store, *seen) == ["duplicate", "duplicate"]
    assert await store.shelves("A") == {"MAIN": (3, 0), "NORTH": (3, 0)}
    assert await store.stock() == {"A": (6, 0)}
