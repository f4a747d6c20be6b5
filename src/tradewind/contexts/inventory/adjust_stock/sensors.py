"""Book what sensors saw: many messages at once, each id once, whatever cannot be used kept with its reason."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from tradewind.contexts.inventory._domain.reading import Booked, Reading, fold, understand, why
from tradewind.contexts.inventory._domain.reservation import Movement
from tradewind.contexts.inventory._domain.stock import InvalidAdjustment, Stock
from tradewind.contexts.inventory._store import sensors, stock
from tradewind.contexts.inventory.adjust_stock.many import HOLD_ALL, NOTE_ALL
from tradewind.contracts.catalog import CatalogPeer
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.timers import Timer

KEEP_IDS_DAYS: Final = 30
"""No broker and no sensor sends a message again so late."""
FORGET_EVERY_S: Final = 600.0
MAX_FORGOTTEN_AT_ONCE: Final = 5_000
UNKNOWN_SKU: Final = "No product carries this SKU."


class Message(Protocol):
    """What came, on which topic."""

    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...


async def book(tx: Tx, messages: Sequence[Message]) -> list[str | None]:
    """Book every message that can be used and is not known yet. For each: None, or why it cannot be used."""
    understood, answers = _understand(messages)
    fresh = await _fresh(tx, understood)
    held = await _held(tx, {reading.sku for reading in fresh.values()})
    by_sku: dict[str, dict[int, Reading]] = defaultdict(dict)
    for place, reading in fresh.items():
        by_sku[reading.sku][place] = reading
    for sku, readings in by_sku.items():
        if sku not in held:
            refused = {id(reading): UNKNOWN_SKU for reading in readings.values()}
        else:
            booked, no = fold(held[sku], list(readings.values()))
            _write(tx, sku, booked)
            refused = {id(reading): reason for reading, reason in no}
        for place, reading in readings.items():
            answers[place] = refused.get(id(reading))
    letters = [(m.topic, m.payload, reason) for m, reason in zip(messages, answers, strict=True) if reason]
    if letters:
        sensors.bury(tx, letters)
    return answers


def _understand(messages: Sequence[Message]) -> tuple[dict[int, Reading], list[str | None]]:
    understood: dict[int, Reading] = {}
    answers: list[str | None] = [None] * len(messages)
    for place, message in enumerate(messages):
        try:
            understood[place] = understand(message.topic, message.payload)
        except InvalidAdjustment as wrong:
            answers[place] = why(wrong)
    return understood, answers


async def _fresh(tx: Tx, understood: Mapping[int, Reading]) -> dict[int, Reading]:
    """Those that count: the first with its id, and whatever has none."""
    if planted("sensors_without_inbox"):
        return dict(understood)
    new = await sensors.take_in(tx, {(one.sku, one.id) for one in understood.values() if one.id is not None})
    fresh: dict[int, Reading] = {}
    for place, one in understood.items():
        if one.id is None:
            fresh[place] = one
        elif (one.sku, one.id) in new:
            new.remove((one.sku, one.id))
            fresh[place] = one
    return fresh


async def _held(tx: Tx, skus: set[str]) -> dict[str, Stock]:
    """The stock of each SKU, held in SKU order; opened first where only the catalog knows the SKU."""
    known = await stock.available(tx, list(skus))
    catalog = tx.peer(CatalogPeer)
    for sku in sorted(skus - known.keys()):
        if product_id := await catalog.identify(tx, sku):
            await stock.open_for(tx, sku, product_id)
    return {row["sku"]: stock.from_row(row) for row in await tx.all(HOLD_ALL, sorted(skus))}


def _write(tx: Tx, sku: str, booked: Sequence[Booked]) -> None:
    if not booked:
        return
    stock.move(tx, [Movement(sku, sum(one.reading.delta for one in booked), 0)])
    by_reason: dict[str, list[Booked]] = defaultdict(list)
    for one in booked:
        by_reason[one.reading.reason].append(one)
        tx.tell(one.adjusted, *one.crossed)
        tx.audit(
            "inventory.adjust_stock", sku, delta=one.reading.delta, reason=one.reading.reason, message=one.reading.id
        )
    for reason, ones in by_reason.items():
        ids, deltas = [new_id() for _ in ones], [one.reading.delta for one in ones]
        tx.later(NOTE_ALL, ids, [sku] * len(ones), deltas, [None] * len(ones), reason, tx.call.actor.subject)


async def _forget(tx: Tx) -> int:
    return await sensors.forget(tx, KEEP_IDS_DAYS, MAX_FORGOTTEN_AT_ONCE)


FORGET_SENSOR_IDS: Final = Timer("sensors.forget", FORGET_EVERY_S, _forget)
