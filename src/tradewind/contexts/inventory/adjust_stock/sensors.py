"""Book what sensors saw: many messages at once, each id once, whatever cannot be used kept with its reason.

Sensors watch the shelves of the main warehouse, unless they name another.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

from tradewind.contexts.inventory._domain.reading import (
    MAX_PAYLOAD_BYTES,
    Booked,
    Reading,
    StillRefused,
    Unusable,
    fold,
    printable,
    understand,
)
from tradewind.contexts.inventory._domain.reservation import Movement
from tradewind.contexts.inventory._domain.stock import Stock
from tradewind.contexts.inventory._store import bundles, sensors, stock, warehouses
from tradewind.contexts.inventory._store.sensors import Buried
from tradewind.contexts.inventory._store.stock import Change
from tradewind.contracts.catalog import CatalogPeer
from tradewind.contracts.inventory import MAIN, NoSuchWarehouse, WarehouseClosed
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.timers import Timer

KEEP_IDS_DAYS: Final = 30
"""No broker and no sensor sends a message again so late."""
FORGET_EVERY_S: Final = 600.0
MAX_FORGOTTEN_AT_ONCE: Final = 5_000
MAX_TOPIC: Final = 400
UNKNOWN_SKU: Final = "No product carries this SKU."
BUNDLE: Final = "This is a bundle: it has no stock but that of its parts."

Outcome = Literal["taken", "duplicate", "refused"]


class Message(Protocol):
    """What came, on which topic."""

    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...


async def book(tx: Tx, messages: Sequence[Message]) -> list[Outcome]:
    """Book every message that can be used and is not known yet; bury what cannot be used. What came of each."""
    heard = [understand(one.topic, one.payload) for one in messages]
    fresh = await _fresh(tx, heard)
    refused = {place: one for place, one in fresh.items() if isinstance(one, Unusable)}
    refused |= await _book(tx, {place: one for place, one in fresh.items() if isinstance(one, Reading)})
    if refused:
        sensors.bury(tx, [_letter(messages[place], one) for place, one in sorted(refused.items())])
    return [
        "refused" if place in refused else "taken" if place in fresh else "duplicate" for place in range(len(heard))
    ]


def give_up(tx: Tx, message: Message, why: str) -> None:
    """Bury a message that cannot be handled although nothing seems to be wrong with it."""
    heard = understand(message.topic, message.payload)
    sensors.bury(tx, [_letter(message, Unusable(heard.sku, heard.id, why))])


async def book_again(tx: Tx, topic: str, payload: bytes) -> None:
    """Book one that was buried, and is known as far as its id goes. Refuses StillRefused."""
    heard = understand(topic, payload)
    if isinstance(heard, Unusable):
        raise StillRefused(heard.why)
    if heard.id is not None:
        await sensors.take_in(tx, {(heard.sku, heard.id)})
    for refused in (await _book(tx, {0: heard})).values():
        raise StillRefused(refused.why)


def _letter(message: Message, refused: Unusable) -> Buried:
    """What is kept of it: enough to see what was wrong, and so much of what is too long that it stays too long."""
    topic, payload = printable(message.topic, MAX_TOPIC), message.payload[: MAX_PAYLOAD_BYTES + 1]
    return Buried(refused.sku, refused.id, topic, payload, refused.why)


async def _fresh(tx: Tx, heard: Sequence[Reading | Unusable]) -> dict[int, Reading | Unusable]:
    """Those that count, by their places: the first with its id, and whatever has none."""
    if planted("sensors_without_inbox"):
        return dict(enumerate(heard))
    named = {(one.sku, one.id) for one in heard if one.id is not None}
    new = await sensors.take_in(tx, named) if named else set()
    fresh: dict[int, Reading | Unusable] = {}
    for place, one in enumerate(heard):
        if one.id is None:
            fresh[place] = one
        elif (one.sku, one.id) in new:
            new.remove((one.sku, one.id))
            fresh[place] = one
    return fresh


async def _book(tx: Tx, readings: Mapping[int, Reading]) -> dict[int, Unusable]:
    """Book them in the order of their places; those that cannot be."""
    nowhere = await _closed(tx, {one.warehouse for one in readings.values()} - {MAIN})
    lost = {place: Unusable(one.sku, one.id, nowhere[one.warehouse])
            for place, one in readings.items() if one.warehouse in nowhere}  # fmt: skip
    readings = {place: one for place, one in readings.items() if place not in lost}
    held = await _held(tx, {(one.sku, one.warehouse) for one in readings.values()})
    by_sku: dict[str, dict[int, Reading]] = defaultdict(dict)
    for place, one in sorted(readings.items()):
        by_sku[one.sku][place] = one
    done: dict[int, Booked | Unusable] = {**lost}
    made_of = await bundles.parts_of(tx, list(held)) if held else {}
    for sku, own in by_sku.items():
        if sku in made_of:
            done |= {place: Unusable(sku, one.id, BUNDLE) for place, one in own.items()}
        elif sku in held:
            done |= zip(own, fold(held[sku], list(own.values())), strict=True)
        else:
            done |= {place: Unusable(sku, one.id, UNKNOWN_SKU) for place, one in own.items()}
    _write(tx, [one for _, one in sorted(done.items()) if isinstance(one, Booked)])
    return {place: one for place, one in done.items() if isinstance(one, Unusable)}


async def _closed(tx: Tx, named: set[str]) -> dict[str, str]:
    """Those of these warehouses that are not there or are closed, and which of both; the others stay open."""
    found = {}
    for code in sorted(named):
        try:
            await warehouses.let_in(tx, code)
        except (NoSuchWarehouse, WarehouseClosed) as refused:
            found[code] = refused.detail
    return found


async def _held(tx: Tx, places: set[tuple[str, str]]) -> dict[str, Stock]:
    """The stock of each SKU, held, with a place in each warehouse; opened where only the catalog knows the SKU."""
    skus = {sku for sku, _ in places}
    if not skus:
        return {}
    known = await stock.available(tx, list(skus))
    catalog = tx.peer(CatalogPeer)
    asked = [(sku, await catalog.identify(tx, sku)) for sku in sorted(skus - known.keys())]
    if opened := {sku: product_id for sku, product_id in asked if product_id is not None}:
        await stock.open_all(tx, opened)
    return await stock.hold_in(tx, places)


def _write(tx: Tx, booked: Sequence[Booked]) -> None:
    if not booked:
        return
    heard = [one.reading for one in booked]
    sums = Counter[tuple[str, str]]()
    for said in heard:
        sums[said.sku, said.warehouse] += said.delta
    stock.move(tx, [Movement(sku, delta, 0, place) for (sku, place), delta in sorted(sums.items())])
    stock.note_each(tx, [(Change(said.sku, said.warehouse, said.delta), said.reason) for said in heard])
    for one in booked:
        said = one.reading
        tx.tell(one.adjusted, *one.crossed)
        tx.audit("inventory.adjust_stock", said.sku, delta=said.delta, reason=said.reason, message=said.id)


async def _forget(tx: Tx) -> int:
    return await sensors.forget(tx, KEEP_IDS_DAYS, MAX_FORGOTTEN_AT_ONCE)


FORGET_SENSOR_IDS: Final = Timer("sensors.forget", FORGET_EVERY_S, _forget)
