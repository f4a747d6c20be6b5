"""What a sensor says: `iot/inventory/{sku}/delta`, {"delta": -2, "reason": "SENSOR", "id": "…"}. Pure."""

from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import DecodeError, Meta, Struct, ValidationError, json
from msgspec.structs import replace

from tradewind.contexts.inventory._domain.stock import BelowReserved, InvalidAdjustment, Stock, check
from tradewind.contracts.inventory import LowStockDetected, OutOfStock, StockAdjusted
from tradewind.kernel.errors import Refusal

TOPICS: Final = "iot/inventory/+/delta"
DEAD_LETTERS: Final = "iot/inventory/dead-letters"
MAX_PAYLOAD_BYTES: Final = 4096
MAX_ID: Final = 128


class Said(Struct, frozen=True):
    """A payload. With an `id`, its own among those of its SKU, it counts once however often it comes."""

    delta: int
    reason: str = "SENSOR"
    id: Annotated[str, Meta(min_length=1, max_length=MAX_ID, pattern=r"^[!-~]+\Z")] | None = None


class Reading(Struct, frozen=True):
    """A message that can be understood."""

    sku: str
    delta: int
    reason: str
    id: str | None


class Booked(Struct, frozen=True):
    """What one reading did to the stock."""

    reading: Reading
    adjusted: StockAdjusted
    crossed: tuple[LowStockDetected | OutOfStock, ...]


def understand(topic: str, payload: bytes) -> Reading:
    """What the message says; refuses InvalidAdjustment, which says what is wrong with it."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise InvalidAdjustment(f"A payload has at most {MAX_PAYLOAD_BYTES} bytes.")
    try:
        said = json.decode(payload, type=Said)
    except (DecodeError, ValidationError, UnicodeDecodeError) as wrong:
        raise InvalidAdjustment(f"The payload cannot be read: {wrong}.") from None
    sku = topic.split("/")[2]
    check(sku, said.delta, said.reason)
    return Reading(sku, said.delta, said.reason, said.id)


def fold(stock: Stock, readings: Sequence[Reading]) -> tuple[list[Booked], list[tuple[Reading, str]]]:
    """One SKU's readings after one another: those that hold, and those that cannot be, with the reason."""
    booked: list[Booked] = []
    refused: list[tuple[Reading, str]] = []
    for one in readings:
        try:
            after = stock.adjusted(one.delta)
        except (BelowReserved, InvalidAdjustment) as impossible:
            refused.append((one, why(impossible)))
            continue
        adjusted = StockAdjusted(
            product_id=after.product_id,
            sku=after.sku,
            delta=one.delta,
            on_hand=after.on_hand,
            reserved=after.reserved,
            reason=one.reason,
        )
        booked.append(Booked(one, adjusted, stock.crossed(-one.delta)))
        stock = replace(stock, on_hand=after.on_hand)
    return booked, refused


def why(refusal: Refusal) -> str:
    """A refusal in one line."""
    return " ".join([refusal.detail, *(error["detail"] for error in refusal.facts.get("errors", ()))])
