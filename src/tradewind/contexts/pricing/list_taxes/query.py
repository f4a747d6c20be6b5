"""The tax rates, by country and region."""

from typing import Final

from msgspec import Struct

from tradewind.contexts.pricing._domain.tax_view import TaxRates, view
from tradewind.contexts.pricing._store import taxes
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE: Final = 100
MAX_PAGE: Final = 500


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
    """A page of them."""
    limit = min(command.limit, MAX_PAGE)
    country, _, region = (command.cursor or "").partition("~")
    found = await taxes.page(tx, (country, region), command.country, limit + 1)
    shown = found[:limit]
    more = f"{shown[-1].country}~{shown[-1].region}" if len(found) > limit else None
    return TaxPage(items=tuple(map(view, shown)), next=more)
