"""What running flash sales offer a buyer, for a quote."""

from collections.abc import Mapping
from datetime import datetime

from tradewind.contexts.pricing._domain.quote.facts import SaleOffer
from tradewind.contracts.pricing import QuoteRequest
from tradewind.runtime.database import Tx


async def running(tx: Tx, request: QuoteRequest, at: datetime) -> Mapping[str, SaleOffer]:
    """By SKU: the sale that runs at `at` in the request's currency, with what is left for this customer."""
    return {}
