"""Write the taxes of a country or of a region of one. They count for every quote from now on."""

from tradewind.contexts.pricing._domain.tax_view import TaxRates, view
from tradewind.contexts.pricing._domain.taxes import TaxRegion, check
from tradewind.contexts.pricing._store import taxes
from tradewind.contracts.messages import Command
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class SetTaxes(Command, frozen=True):
    """All of a region's rates. `expected`: the version that the caller looked at; None for whichever it is."""

    taxes: TaxRegion
    expected: int | None = None


@handler(action="pricing.set_taxes")
async def set_taxes(command: SetTaxes, tx: Tx) -> TaxRates:
    """The taxes after it. Refuses InvalidTax and Outdated."""
    wanted = command.taxes
    check(wanted)
    known = await taxes.held(tx, wanted.country, wanted.region)
    expect(command.expected, known.version if known else 0)
    await taxes.put(tx, wanted)
    place = "-".join(filter(None, (wanted.country, wanted.region)))
    tx.audit("pricing.set_taxes", place, was=known and dict(known.rates), now=dict(wanted.rates))
    written = await taxes.held(tx, wanted.country, wanted.region)
    assert written is not None, "it was written just now"
    return view(written)
