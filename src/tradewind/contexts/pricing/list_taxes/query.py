"""The tax rates, by country and region."""

from typing import Final

from msgspec import Struct

from tradewind.contexts.pricing._domain.tax_view import TaxRates, view
from tradewind.contexts.pricing._store import taxes
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import Keyset, Text
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE: Final = 100
MAX_PAGE: Final = 500
REGIONS: Final = Keyset("tax regions", tuple[Text, Text], ("", ""))


class ListTaxes(Command, frozen=True):
    """At most `limit` regions after `cursor`, of one country where one is named."""

    country: str | None = None
    limit: int = PAGE
    cursor: str | None = None


class TaxPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some regions, and where the next ones begin."""

    items: tuple[TaxRates, ...]
    next: str | None


@query(action="pricing.list_taxes")
async def list_taxes(command: ListTaxes, tx: Tx) -> TaxPage:
    """A page of them; refuses UnfitCursor."""
    limit = min(command.limit, MAX_PAGE)
    found = await taxes.page(tx, REGIONS.after(command.cursor), command.country, limit + 1)
    shown, next_ = REGIONS.page(found, limit, lambda one: (one.country, one.region))
    return TaxPage(items=tuple(map(view, shown)), next=next_)
