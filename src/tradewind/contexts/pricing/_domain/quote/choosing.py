"""Which of a product's prices counts: the most specific one.

In this order: a running flash sale that has enough pieces left for this buyer; an administrator's override; a price
book of one of the customer's groups; a price book for everybody; the list price. Of several books of one rank the one
whose window began last counts, then the one that asks least, then the older one. Of one book, the entry for the
largest quantity that is reached.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.quote.explaining import refused, shown, step
from tradewind.contexts.pricing._domain.quote.facts import BookPrice, Item, SaleOffer
from tradewind.contracts.pricing import Explanation

_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


class PricedLine(Struct, frozen=True, kw_only=True):
    """An item at the price that counts for it, and how that was found."""

    item: Item
    unit: int
    explanation: Explanation
    sale_id: UUID | None = None

    @property
    def amount(self) -> int:
        """What all pieces cost before anything comes off."""
        return self.unit * self.item.quantity


class _Candidate(Struct, frozen=True):
    kind: str
    label: str
    unit: int
    sale_id: UUID | None = None
    why_not: str | None = None


def priced(item: Item, currency: str) -> PricedLine | None:
    """The item at the price that counts; None where it has no price in this currency."""
    candidates = _candidates(item)
    chosen = next((one for one in candidates if one.why_not is None), None)
    if chosen is None:
        return None
    amount = chosen.unit * item.quantity
    price = step(chosen.kind, f"{chosen.label}: {shown(chosen.unit, currency)} each", amount, currency)
    others = [
        refused(
            one.kind, f"{one.label}: {shown(one.unit, currency)} each", one.why_not or f"{chosen.label} counts first"
        )
        for one in candidates
        if one is not chosen
    ]
    line = step("line", f"{item.quantity} × {item.sku}", amount, currency, (price, *others))
    return PricedLine(item=item, unit=chosen.unit, explanation=line, sale_id=chosen.sale_id)


def _candidates(item: Item) -> list[_Candidate]:
    found = []
    if (sale := item.sale) is not None:
        found.append(
            _Candidate("flash-sale", "flash sale", sale.minor, sale.sale_id, _why_no_sale(sale, item.quantity))
        )
    if item.override_minor is not None:
        found.append(_Candidate("override", "override", item.override_minor))
    found.extend(_Candidate("price-book", f"price book {one.name}", one.minor) for one in _ranked(item.books))
    if item.list_minor is not None:
        found.append(_Candidate("list-price", "list price", item.list_minor))
    return found


def _why_no_sale(sale: SaleOffer, quantity: int) -> str | None:
    if sale.left <= 0:
        return "sold out"
    if quantity > sale.left:
        return f"only {sale.left} left"
    if sale.per_buyer is not None and sale.taken + quantity > sale.per_buyer:
        return f"at most {sale.per_buyer} for one buyer"
    return None


def _ranked(books: tuple[BookPrice, ...]) -> list[BookPrice]:
    """One entry of each book, those that count first at the head."""
    reached: dict[UUID, BookPrice] = {}
    for one in books:
        known = reached.get(one.book_id)
        if known is None or one.min_quantity > known.min_quantity:
            reached[one.book_id] = one
    latest_first = sorted(reached.values(), key=lambda one: (one.minor, one.book_id))
    latest_first.sort(key=lambda one: one.valid_from or _ALWAYS, reverse=True)
    latest_first.sort(key=lambda one: one.group is None)
    return latest_first
