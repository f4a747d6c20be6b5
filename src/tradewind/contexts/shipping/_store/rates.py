"""The SQL of shipping rates."""

from typing import Final

from tradewind.contexts.shipping._domain.rates import Tariff
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

TARIFFS: Final = """
    SELECT method, flat_minor, per_piece_minor FROM shipping.rate
    WHERE currency = $2 AND zone = coalesce((SELECT zone FROM shipping.zone WHERE country = $1), 'far')
    ORDER BY flat_minor, method
"""


async def tariffs(tx: Tx, country: str, currency: str) -> list[Tariff]:
    """What counts for a country, in a currency, cheapest first."""
    return [
        Tariff(method=method, flat=Money(flat, currency), per_piece=Money(per_piece, currency))
        for method, flat, per_piece in await tx.all(TARIFFS, country, currency)
    ]
