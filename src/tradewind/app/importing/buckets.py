"""Sorts lines: every line lands in exactly one named bucket, which says what is done with it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from tradewind.app.importing.reading import Row

SHIPPING: Final = frozenset({"POST", "DOT"})
DISCOUNT: Final = "D"


class Bucket(StrEnum):
    """Where a line lands."""

    GOODS_SOLD = "goods_sold"
    GOODS_GIVEN = "goods_given"
    GOODS_GIVEN_NEVER_PRICED = "goods_given_never_priced"
    SHIPPING = "shipping"
    DISCOUNTS = "discounts"
    FEES = "fees"
    FEES_WITHOUT_PRICE = "fees_without_price"
    FEES_TAKEN_BACK = "fees_taken_back"
    CHARGES_WITHOUT_GOODS = "charges_without_goods"
    WRITE_OFFS = "write_offs"
    WRITE_OFFS_NEVER_PRICED = "write_offs_never_priced"
    NO_PRICE = "no_price"
    NO_PRICE_NO_DESCRIPTION = "no_price_no_description"
    NO_QUANTITY = "no_quantity"
    NEGATIVE_PRICE = "negative_price"
    RETURNED_GOODS = "returned_goods"
    RETURNED_GOODS_UNMATCHED = "returned_goods_unmatched"
    CREDITED_SHIPPING = "credited_shipping"
    CREDITED_SHIPPING_UNMATCHED = "credited_shipping_unmatched"
    CREDITED_DISCOUNTS = "credited_discounts"
    CREDITED_DISCOUNTS_UNMATCHED = "credited_discounts_unmatched"
    CREDITED_FEES = "credited_fees"
    CREDITED_FEES_UNMATCHED = "credited_fees_unmatched"
    CHARGES_ON_CREDIT_NOTES = "charges_on_credit_notes"
    OTHER_DOCUMENTS = "other_documents"


MEANING: Final[Mapping[Bucket, str]] = {
    Bucket.GOODS_SOLD: "goods on an invoice: a line of its order",
    Bucket.GOODS_GIVEN: "goods at no price on an invoice that charges: a line of its order, at zero",
    Bucket.GOODS_GIVEN_NEVER_PRICED: "the same, of goods that no line of the file prices: counted only",
    Bucket.SHIPPING: "POST and DOT: the shipping of their order",
    Bucket.DISCOUNTS: "D: the discount of their order",
    Bucket.FEES: "any other code: a fee on its order",
    Bucket.FEES_WITHOUT_PRICE: "a fee of nothing: counted only",
    Bucket.FEES_TAKEN_BACK: "a fee or shipping with a negative quantity on an invoice: counted only",
    Bucket.CHARGES_WITHOUT_GOODS: "shipping, fees and discounts of an invoice without goods, so no order: counted only",
    Bucket.WRITE_OFFS: "goods with a negative quantity on an invoice: a stock adjustment",
    Bucket.WRITE_OFFS_NEVER_PRICED: "the same, of goods that no line of the file prices: counted only",
    Bucket.NO_PRICE: "goods at no price on an invoice that charges nothing: counted only",
    Bucket.NO_PRICE_NO_DESCRIPTION: "the same, without a description: counted only",
    Bucket.NO_QUANTITY: "a quantity of zero: counted only",
    Bucket.NEGATIVE_PRICE: "a price below zero: counted only",
    Bucket.RETURNED_GOODS: "goods on a credit note: refunded on an earlier order, and back in stock",
    Bucket.RETURNED_GOODS_UNMATCHED: "the same, without an earlier order: unmatched credit, counted only",
    Bucket.CREDITED_SHIPPING: "POST and DOT on a credit note: refunded on an earlier order",
    Bucket.CREDITED_SHIPPING_UNMATCHED: "the same, without an earlier order: unmatched credit, counted only",
    Bucket.CREDITED_DISCOUNTS: "D on a credit note: refunded on an earlier order",
    Bucket.CREDITED_DISCOUNTS_UNMATCHED: "the same, without an earlier order: unmatched credit, counted only",
    Bucket.CREDITED_FEES: "any other code on a credit note: refunded on an earlier order",
    Bucket.CREDITED_FEES_UNMATCHED: "the same, without an earlier order: unmatched credit, counted only",
    Bucket.CHARGES_ON_CREDIT_NOTES: "a positive quantity on a credit note: counted only",
    Bucket.OTHER_DOCUMENTS: "neither an invoice nor a credit note: counted only",
}
UNMATCHED: Final[Mapping[Bucket, Bucket]] = {
    Bucket.RETURNED_GOODS: Bucket.RETURNED_GOODS_UNMATCHED,
    Bucket.CREDITED_SHIPPING: Bucket.CREDITED_SHIPPING_UNMATCHED,
    Bucket.CREDITED_DISCOUNTS: Bucket.CREDITED_DISCOUNTS_UNMATCHED,
    Bucket.CREDITED_FEES: Bucket.CREDITED_FEES_UNMATCHED,
}
"""Where a credit goes for which there is no earlier order (returns.py decides)."""
CHARGES: Final = frozenset({Bucket.SHIPPING, Bucket.DISCOUNTS, Bucket.FEES})
"""What is part of an order only where the invoice has goods too."""
ORDERED: Final = frozenset({Bucket.GOODS_SOLD, Bucket.GOODS_GIVEN})


class Tally(Struct, frozen=True, kw_only=True):
    """What is in a bucket: how many lines, pieces, and how much in minor units. Signs are the file's own."""

    lines: int = 0
    quantity: int = 0
    amount_minor: int = 0


def sort(rows: Sequence[Row]) -> list[Bucket]:
    """The bucket of each row. Credits are taken to be matched."""
    charging = {row.invoice for row in rows if row.amount_minor > 0}
    priced = {row.code for row in rows if prices(row)}
    first = [_bucket(row, charges=row.invoice in charging, priced=row.code in priced) for row in rows]
    with_goods = {row.invoice for row, bucket in zip(rows, first, strict=True) if bucket in ORDERED}
    return [
        Bucket.CHARGES_WITHOUT_GOODS if bucket in CHARGES and row.invoice not in with_goods else bucket
        for row, bucket in zip(rows, first, strict=True)
    ]


def prices(row: Row) -> bool:
    """Whether the line says what its goods cost."""
    return row.is_goods and row.price_minor > 0 and row.quantity != 0 and (row.is_ordinary or row.is_credit)


def tally(rows: Iterable[Row], buckets: Iterable[Bucket]) -> dict[Bucket, Tally]:
    """What is in every bucket, the empty ones too."""
    sums = dict.fromkeys(Bucket, Tally())
    for row, bucket in zip(rows, buckets, strict=True):
        so_far = sums[bucket]
        sums[bucket] = Tally(
            lines=so_far.lines + 1,
            quantity=so_far.quantity + row.quantity,
            amount_minor=so_far.amount_minor + row.amount_minor,
        )
    return sums


def _bucket(row: Row, *, charges: bool, priced: bool) -> Bucket:
    if not (row.is_ordinary or row.is_credit):
        return Bucket.OTHER_DOCUMENTS
    if row.price_minor < 0:
        return Bucket.NEGATIVE_PRICE
    if row.quantity == 0:
        return Bucket.NO_QUANTITY
    if row.is_credit:
        return _credit(row)
    return _goods(row, charges=charges, priced=priced) if row.is_goods else _charge(row)


def _goods(row: Row, *, charges: bool, priced: bool) -> Bucket:
    if row.quantity < 0:
        return Bucket.WRITE_OFFS if priced else Bucket.WRITE_OFFS_NEVER_PRICED
    if row.price_minor > 0:
        return Bucket.GOODS_SOLD
    if charges:
        return Bucket.GOODS_GIVEN if priced else Bucket.GOODS_GIVEN_NEVER_PRICED
    return Bucket.NO_PRICE if row.description else Bucket.NO_PRICE_NO_DESCRIPTION


def _charge(row: Row) -> Bucket:
    if row.price_minor == 0:
        return Bucket.FEES_WITHOUT_PRICE
    if row.code == DISCOUNT and row.quantity < 0:
        return Bucket.DISCOUNTS
    if row.quantity < 0:
        return Bucket.FEES_TAKEN_BACK
    return Bucket.SHIPPING if row.code in SHIPPING else Bucket.FEES


def _credit(row: Row) -> Bucket:
    if row.quantity > 0:
        return Bucket.CHARGES_ON_CREDIT_NOTES
    if row.is_goods:
        return Bucket.RETURNED_GOODS
    if row.price_minor == 0:
        return Bucket.FEES_WITHOUT_PRICE
    if row.code in SHIPPING:
        return Bucket.CREDITED_SHIPPING
    return Bucket.CREDITED_DISCOUNTS if row.code == DISCOUNT else Bucket.CREDITED_FEES
