"""What a sensor says: `iot/inventory/{sku}/delta`, {"delta": -2, "reason": "SENSOR", "id": "…"}. Pure."""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import DecodeError, Meta, Struct, ValidationError, json
from msgspec.structs import replace

from tradewind.contexts.inventory._domain.stock import MAX_SKU, BelowReserved, InvalidAdjustment, Stock, check
from tradewind.contracts.inventory import MAIN, SENSOR_TOPICS, LowStockDetected, OutOfStock, StockAdjusted
from tradewind.kernel.errors import Conflict, Refusal

MAX_PAYLOAD_BYTES: Final = 4096
_LEVELS: Final = len(SENSOR_TOPICS.split("/"))
_CODE: Final = r"^[A-Z0-9][A-Z0-9-]{0,31}\Z"
_ID: Final = r"^[!-~]{1,128}\Z"


class StillRefused(Conflict):
    """What the message says cannot be booked today either."""


class Said(Struct, frozen=True):
    """A payload. With an `id`, its own among those of its SKU, it counts once however often it comes."""

    delta: int
    reason: str = "SENSOR"
    id: Annotated[str, Meta(pattern=_ID)] | None = None
    warehouse: Annotated[str, Meta(pattern=_CODE)] = MAIN


class Reading(Struct, frozen=True):
    """A message that can be understood."""

    sku: str
    id: str | None
    delta: int
    reason: str
    warehouse: str = MAIN


class Unusable(Struct, frozen=True):
    """A message that cannot be, and why."""

    sku: str
    id: str | None
    why: str


class Booked(Struct, frozen=True):
    """What one reading did to the stock."""

    reading: Reading
    adjusted: StockAdjusted
    crossed: tuple[LowStockDetected | OutOfStock, ...]


def understand(topic: str, payload: bytes) -> Reading | Unusable:
    """What the message says. Its id is the payload's; else the level below the topic, where somebody put one there."""
    levels = topic.split("/")
    sku, below = printable(levels[_LEVELS - 2], MAX_SKU), "/".join(levels[_LEVELS:])
    known = below if re.match(_ID, below) else None
    try:
        said = _read(payload)
        check(sku, said.delta, said.reason)
    except InvalidAdjustment as wrong:
        return Unusable(sku, known, why(wrong))
    return Reading(sku, said.id or known, said.delta, said.reason, said.warehouse)


def printable(text: str, most: int) -> str:
    """The text as it can be kept and shown: a legal SKU as it is, anything else never as a legal SKU."""
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _read(payload: bytes) -> Said:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise InvalidAdjustment(f"A payload has at most {MAX_PAYLOAD_BYTES} bytes.")
    try:
        return json.decode(payload, type=Said)
    except (DecodeError, ValidationError, UnicodeDecodeError) as wrong:
        raise InvalidAdjustment(f"The payload cannot be read: {wrong}.") from None


def fold(stock: Stock, readings: Sequence[Reading]) -> list[Booked | Unusable]:
    """One SKU's readings after one another: what each does, or why it cannot be. None takes what is promised away."""
    done: list[Booked | Unusable] = []
    for one in readings:
        try:
            after = stock.adjusted(one.delta, one.warehouse)
        except (BelowReserved, InvalidAdjustment) as impossible:
            done.append(Unusable(one.sku, one.id, why(impossible)))
            continue
        adjusted = StockAdjusted(
            product_id=after.product_id,
            sku=after.sku,
            delta=one.delta,
            on_hand=after.on_hand,
            reserved=after.reserved,
            reason=one.reason,
            warehouse=one.warehouse,
        )
        done.append(Booked(one, adjusted, stock.crossed(-one.delta)))
        stock = after
    level = (stock.level(),)
    return [
        replace(one, adjusted=replace(one.adjusted, levels=level)) if isinstance(one, Booked) else one for one in done
    ]


def why(refusal: Refusal) -> str:
    """A refusal in one line: every rule that is broken, where it names them."""
    return " ".join(error["detail"] for error in refusal.facts.get("errors", ())) or refusal.detail
