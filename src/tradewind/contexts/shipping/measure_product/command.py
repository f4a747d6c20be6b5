"""Say what a piece weighs, and how large it is: what carriage costs, and what one carries."""

from msgspec import Struct

from tradewind.contexts.shipping._domain.parcel import Size
from tradewind.contexts.shipping._domain.rates import chargeable
from tradewind.contexts.shipping._store import rates
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class MeasureProduct(Command, frozen=True):
    """A piece is like this. What is said of a SKU that is not sold (yet) counts for nothing."""

    sku: str
    size: Size


class Measured(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a piece weighs, how large it is, and the weight that counts for carriage."""

    sku: str
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    chargeable_g: int


@handler(action="shipping.measure")
async def measure_product(command: MeasureProduct, tx: Tx) -> Measured:
    """The product's size from now on."""
    size = command.size
    rates.measure(tx, command.sku, size)
    tx.audit("shipping.measure", command.sku, grams=size.weight_g)
    return Measured(
        sku=command.sku,
        weight_g=size.weight_g,
        length_mm=size.length_mm,
        width_mm=size.width_mm,
        height_mm=size.height_mm,
        chargeable_g=chargeable(size.weight_g, size.length_mm, size.width_mm, size.height_mm),
    )
