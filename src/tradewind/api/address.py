"""A postal address as clients send it; whether mail could reach it, `postal` decides."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body

Part = Annotated[str, Meta(min_length=1, max_length=200)]


class Address(Body, frozen=True, omit_defaults=True):
    """Where something can be sent; what is needed depends on `country` (ISO 3166 alpha-2)."""

    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    name: Part | None = None
    company: Part | None = None
    line1: Part | None = None
    line2: Part | None = None
    city: Part | None = None
    region: Part | None = None
    postal_code: Part | None = None
    phone: Part | None = None

    def place(self) -> dict[str, str]:
        """The parts that were given."""
        given = {name: getattr(self, name) for name in Address.__struct_fields__}
        return {name: text for name, text in given.items() if text is not None}
