"""A parcel: what a shipment is packed into. Pure."""

from typing import Final
from uuid import UUID

from msgspec import Struct

MAX_PARCELS: Final = 99
MAX_WEIGHT_G: Final = 1_000_000
MAX_SIDE_MM: Final = 10_000


class Size(Struct, frozen=True, kw_only=True):
    """Grams and millimetres."""

    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int


class Parcel(Struct, frozen=True, kw_only=True):
    """One parcel of a shipment. Its id is also the key by which its carrier knows it."""

    id: UUID
    shipment_id: UUID
    size: Size
