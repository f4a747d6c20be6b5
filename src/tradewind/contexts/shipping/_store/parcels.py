"""The SQL of shipping.parcel."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tradewind.contexts.shipping._domain.parcel import Parcel
from tradewind.runtime.database import Tx

FORGET: Final = "DELETE FROM shipping.parcel WHERE shipment_id = $1"
ADD: Final = """
    INSERT INTO shipping.parcel (id, shipment_id, weight_g, length_mm, width_mm, height_mm)
    SELECT u.id, $1, u.weight_g, u.length_mm, u.width_mm, u.height_mm
    FROM unnest($2::uuid[], $3::int[], $4::int[], $5::int[], $6::int[])
         AS u (id, weight_g, length_mm, width_mm, height_mm)
"""


async def replace(tx: Tx, shipment_id: UUID, packed: Sequence[Parcel]) -> None:
    """Write what a held shipment is packed into, in place of what was said before."""
    await tx.run(FORGET, shipment_id)
    sizes = [one.size for one in packed]
    await tx.run(
        ADD, shipment_id, [one.id for one in packed], [size.weight_g for size in sizes],
        [size.length_mm for size in sizes], [size.width_mm for size in sizes], [size.height_mm for size in sizes],
    )  # fmt: skip
