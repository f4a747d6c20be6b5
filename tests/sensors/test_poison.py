"""R7: fifty kinds of messages that nobody can use, among good ones, through each broker; mended ones are redriven."""

from typing import Final

import pytest
from msgspec import json

from tests.sensors.conftest import BOTH, Shelves
from tests.sensors.fleet import Fleet, Told
from tests.sensors.test_consumer import consuming, lies
from tests.shops import until
from tradewind.app.commands.dlq import list_letters, redrive_letter

GOOD: Final = b'{"delta": 1, "reason": "SENSOR"}'
STARTS: Final = tuple(GOOD[:end] for end in range(0, len(GOOD), 2))
"""Cut off in the middle."""
VALUES: Final = ("null", "true", "[]", "{}", '"1"', "1.5", "0", "-1000001", "1e9", "NaN", "0x1", "1,2")
SHAPES: Final = (
    b"[]", b"7", b'"delta"', b"null", b'{"Delta": 1}', b'{"quantity": 1}', b'{"delta": 1} {"delta": 1}',
    b'{"delta": 1, "reason": 7}', b'{"delta": 1, "reason": " "}', b'{"delta": 1, "reason": "\\u0007"}',
    b'{"delta": 1, "id": "\\u00e9"}', b'{"delta": 1, "id": {}}', b"\x00" * 20, b"\xff" * 20, b"<delta>1</delta>",
    b'{"delta": 1, "reason": "' + b"x" * 201 + b'"}', b'{"delta": 1, "id": "' + b"x" * 129 + b'"}',
    b'{"delta": 1, "reason": "' + b"x" * 5_000 + b'"}', b"[" * 4_000, b"x" * 1_000_000,
)  # fmt: skip
TOO_MUCH: Final = b'{"delta": -500, "id": "too-much"}'
UNKNOWN: Final = "LATER"
POISON: Final = (
    *(Told("A", one) for one in (*STARTS, *SHAPES, TOO_MUCH)),
    *(Told("A", f'{{"delta": {value}}}'.encode()) for value in VALUES),
    Told(UNKNOWN, b'{"delta": 4}'),
)
ADD_PRODUCT: Final = """
    INSERT INTO catalog.products (id, sku, name, category, price_minor, currency)
    VALUES (gen_random_uuid(), $1, 'x', 'x', 1, 'GBP')
"""


@pytest.mark.parametrize("shelves", BOTH, indirect=True)
async def test_poison_of_every_kind_becomes_dead_letters_and_what_was_mended_is_redriven(shelves: Shelves) -> None:
    assert len(POISON) >= 50
    await shelves.fill(A=100)
    told = [one for poison in POISON for one in (poison, Told("A", GOOD))]
    async with consuming(shelves):
        await Fleet(shelves.broker.sensor).tell(told, sensors=2)
        await lies(shelves, 100 + len(POISON))

        async def all_buried() -> bool:
            return await shelves.count("sensor_dead_letter WHERE announced") == len(POISON)

        assert await until(shelves.shop, all_buried)
    letters = await list_letters([shelves.shop], 100)
    assert all(one.reason and one.trace_id for one in letters)
    await shelves.shop.db.pool.execute(ADD_PRODUCT, UNKNOWN)
    async with consuming(shelves):
        await Fleet(shelves.broker.sensor).tell([Told("A", b'{"delta": 500}')], sensors=1)
        await lies(shelves, 600 + len(POISON))
    mended = [one.id for one in letters if "on hand" in one.reason or one.key == UNKNOWN]
    for id_ in mended:
        await redrive_letter([shelves.shop], id_)
    assert len(mended) == 2
    assert await shelves.stock() == {"A": 100 + len(POISON), UNKNOWN: 4}
    assert len(await list_letters([shelves.shop], 100)) == len(POISON) - 2


def test_every_poison_is_json_that_says_something_else_or_none_at_all() -> None:
    """The good one is good; none of the others is the same by another name."""
    assert json.decode(GOOD)["delta"] == 1
    assert len({(one.sku, one.payload) for one in POISON}) == len(POISON)
