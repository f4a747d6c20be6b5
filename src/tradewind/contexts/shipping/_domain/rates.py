"""What a way to send goods costs: calculated of pieces and weight, or by a table of weights; nothing from an amount on.

Pure. Weight is what counts for carriage: what goods weigh, or what their size counts for where that is more.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from tradewind.contracts.shipping import Rate
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money

METHODS: Final = {"standard": "Standard delivery", "express": "Express delivery", "pickup": "Pick up in the shop"}
"""Every way there is, cheapest idea first, and what buyers read."""
DEFAULT_WEIGHT_G: Final = 500
"""Of a piece that nobody has measured."""
MM3_A_GRAM: Final = 5_000
"""So much room counts as a gram: 5,000 cubic centimetres a kilogram, as carriers reckon."""
KILOGRAM: Final = 1_000
MAX_STEPS: Final = 50


class InvalidTariff(Invalid):
    """A tariff is calculated or a table; the weights of a table rise, and no amount is below zero."""


class Method(StrEnum):
    """A way to send goods."""

    STANDARD = "standard"
    EXPRESS = "express"
    PICKUP = "pickup"


class Zone(StrEnum):
    """How far away a country is."""

    HOME = "home"
    NEAR = "near"
    FAR = "far"


class WeightStep(Struct, frozen=True):
    """Up to so many grams it costs so much."""

    up_to_g: int
    price: Money


class Tariff(Struct, frozen=True, kw_only=True):
    """What a carrier takes for a way to send goods. `flat` covers the first piece."""

    method: str
    flat: Money
    per_piece: Money
    per_kg: Money
    carrier: str = "house"
    free_from: Money | None = None
    steps: tuple[WeightStep, ...] = ()

    def of(self, pieces: int, grams: int) -> Rate | None:
        """The rate for so many pieces, at least one, of so much chargeable weight; None for what is too heavy."""
        assert pieces > 0, "nothing is not sent"
        price = self._by_table(grams) if self.steps else self._calculated(pieces, grams)
        if price is None:
            return None
        label = METHODS[self.method]
        return Rate(method=self.method, label=label, price=price, carrier=self.carrier, free_from=self.free_from)

    def check(self) -> None:
        """Refuses InvalidTariff."""
        for name, amount in (("flat", self.flat), ("perPiece", self.per_piece), ("perKg", self.per_kg)):
            if amount.minor < 0:
                raise InvalidTariff(pointer=f"/{name}")
        if self.free_from is not None and self.free_from.minor <= 0:
            raise InvalidTariff(pointer="/freeFrom")
        weights = [step.up_to_g for step in self.steps]
        if weights != sorted(set(weights)) or any(step.price.minor < 0 for step in self.steps):
            raise InvalidTariff(pointer="/steps")
        if self.steps and (self.flat.minor or self.per_piece.minor or self.per_kg.minor):
            raise InvalidTariff(pointer="/flat")

    def _calculated(self, pieces: int, grams: int) -> Money:
        kilograms = -(-grams // KILOGRAM)
        return self.flat + self.per_piece.times(pieces - 1) + self.per_kg.times(kilograms)

    def _by_table(self, grams: int) -> Money | None:
        return next((step.price for step in self.steps if grams <= step.up_to_g), None)


def chargeable(weight_g: int, length_mm: int, width_mm: int, height_mm: int) -> int:
    """The weight in grams that counts for a piece."""
    return max(weight_g, length_mm * width_mm * height_mm // MM3_A_GRAM)


def cheapest(found: Sequence[Rate | None]) -> list[Rate]:
    """Of each way the carrier that takes least, the cheapest way first."""
    best: dict[str, Rate] = {}
    for one in found:
        if one is not None and (one.method not in best or _rank(one) < _rank(best[one.method])):
            best[one.method] = one
    return sorted(best.values(), key=_rank)


def _rank(rate: Rate) -> tuple[int, str, str]:
    return rate.price.minor, rate.method, rate.carrier
