"""The SQL of catalog.images. Whoever changes them holds their product."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tradewind.contexts.catalog._domain.image import Image
from tradewind.runtime.database import Tx

OF_PRODUCT: Final = """
    SELECT id, hash, alt, position, width, height FROM catalog.images WHERE product_id = $1 ORDER BY position, id
"""
ADD: Final = """
    INSERT INTO catalog.images (id, product_id, hash, alt, position, width, height) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
WRITE: Final = """
    UPDATE catalog.images AS i SET alt = u.alt, position = u.position
    FROM unnest($1::uuid[], $2::text[], $3::int[]) AS u (id, alt, position) WHERE i.id = u.id
"""
REMOVE: Final = "DELETE FROM catalog.images WHERE id = $1"
IS_SHOWN: Final = "SELECT EXISTS (SELECT FROM catalog.images WHERE hash = $1)"


async def of_product(tx: Tx, product_id: UUID) -> list[Image]:
    """A product's pictures in their order."""
    return [Image(**row) for row in await tx.all(OF_PRODUCT, product_id)]


async def add(tx: Tx, product_id: UUID, image: Image) -> None:
    """Write a new one."""
    await tx.run(ADD, image.id, product_id, image.hash, image.alt, image.position, image.width, image.height)


async def write(tx: Tx, images: Sequence[Image]) -> None:
    """Write what is said of them, and their order."""
    await tx.run(WRITE, [one.id for one in images], [one.alt for one in images], [one.position for one in images])


async def remove(tx: Tx, image: Image) -> None:
    """Show it no more."""
    await tx.run(REMOVE, image.id)


async def is_shown(tx: Tx, digest: str) -> bool:
    """Whether some product shows it."""
    return bool(await tx.value(IS_SHOWN, digest))
