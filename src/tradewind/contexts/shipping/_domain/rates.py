"""What a way to send goods costs: a flat amount, and so much for each piece after the first. Pure."""

from typing import Final

from msgspec import Struct

from tradewind.contracts.shipping import Rate
from tradewind.kernel.money import Money

METHODS: Final = {"standard": "Standard delivery", "express": "Express delivery", "pickup": "Pick up in the shop"}
"""Every way there is, cheapest idea first, and what buyers read."""


class Tariff(Struct, frozen=True, kw_only=True):
    """A row of the table of rates. `flat` covers the first piece."""

    method: str
    flat: Money
    per_piece: Money

    def of(self, pieces: int) -> Rate:
        """The rate for so many pieces, at least one."""
        assert pieces > 0, "nothing is not sent"
        price = self.flat + self.per_piece.times(pieces - 1)
        return Rate(method=self.method, label=METHODS[self.method], price=price)
