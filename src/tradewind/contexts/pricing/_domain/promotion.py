"""A promotion: what it gives, to whom and for what, and with which others it combines. Pure."""

import re
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeAlias

from msgspec import Struct

from tradewind.kernel.errors import Conflict, Invalid, NotFound
from tradewind.kernel.lifecycle import Lifecycle
from tradewind.kernel.money import Money, NotMoney

PPM: Final = 1_000_000
MAX_NAME: Final = 100
MAX_LIST: Final = 1_000
"""SKUs, categories, groups or countries of one promotion, each."""
MAX_PIECES: Final = 100_000
MAX_PRIORITY: Final = 1_000
_PERCENT_DIGITS: Final = 4


class InvalidPromotion(Invalid):
    """The promotion breaks a rule. `errors` names each."""


class NoSuchPromotion(NotFound):
    """There is no such promotion."""


class TooManyPromotions(Conflict):
    """So many promotions count for everybody at once that no more may; end or pause one first."""


class State(StrEnum):
    """Where a promotion stands."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ENDED = "ENDED"


class Activated:
    """It counts from now on, within its time window."""


class Paused:
    """It counts no more, for a while."""


class Ended:
    """It never counts again."""


LIFECYCLE: Final = Lifecycle(
    (State.DRAFT, Activated, State.ACTIVE),
    (State.DRAFT, Ended, State.ENDED),
    (State.ACTIVE, Paused, State.PAUSED),
    (State.ACTIVE, Ended, State.ENDED),
    (State.PAUSED, Activated, State.ACTIVE),
    (State.PAUSED, Ended, State.ENDED),
)


class _Part(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A piece of a rule, as it is stored and as it is sent."""


class Percentage(_Part, frozen=True, tag_field="kind", tag="PERCENTAGE"):
    """So many per cent off what is left to pay for the goods it is for."""

    percent: Decimal


class AmountOff(_Part, frozen=True, tag_field="kind", tag="AMOUNT"):
    """A sum off the goods it is for, as far as they cost so much; needs the promotion's currency."""

    amount: Decimal


class BuyXGetY(_Part, frozen=True, tag_field="kind", tag="BUY_X_GET_Y"):
    """Of every `buy` + `get` pieces, `get` cost `percent` less: the cheapest of all pieces it is for."""

    buy: int
    get: int
    percent: Decimal = Decimal(100)


class FreeShipping(_Part, frozen=True, tag_field="kind", tag="FREE_SHIPPING"):
    """No shipping costs; where `up_to` is given, so much less of them."""

    up_to: Decimal | None = None


Benefit: TypeAlias = Percentage | AmountOff | BuyXGetY | FreeShipping


class Conditions(_Part, frozen=True):
    """What must be so. Empty lists ask nothing; thresholds look at the goods it is for, before any promotion."""

    skus: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    customer_groups: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    min_amount: Decimal | None = None
    min_quantity: int = 0
    flash_sale_goods: bool = True


class Terms(_Part, frozen=True):
    """The whole rule. Higher `priority` comes first; only promotions of one `combines` group go together."""

    benefit: Benefit
    conditions: Conditions = Conditions()
    priority: int = 0
    exclusive: bool = False
    combines: str = "standard"


def ppm(percent: Decimal) -> int:
    """Per cent as millionths."""
    return int(percent * 10_000)


def check(name: str, terms: Terms, currency: str | None) -> None:
    """Refuse (InvalidPromotion) a promotion that makes no sense, with a pointer for every broken rule."""
    errors = [*_of_name(name), *_of_benefit(terms.benefit, currency), *_of_conditions(terms.conditions, currency)]
    if not -MAX_PRIORITY <= terms.priority <= MAX_PRIORITY:
        errors.append(_error("/priority", f"Expected -{MAX_PRIORITY} to {MAX_PRIORITY}."))
    if not _is_text(terms.combines):
        errors.append(_error("/combines", "Expected a short name."))
    if errors:
        raise InvalidPromotion(errors=errors)


def _of_name(name: str) -> Iterator[dict[str, str]]:
    if not _is_text(name):
        yield _error("/name", f"Expected 1 to {MAX_NAME} printable characters without space around them.")


def _of_benefit(benefit: Benefit, currency: str | None) -> Iterator[dict[str, str]]:
    match benefit:
        case Percentage(percent=percent):
            yield from _of_percent(percent)
        case AmountOff(amount=amount):
            yield from _of_amount("/benefit/amount", amount, currency)
        case BuyXGetY(buy=buy, get=get, percent=percent):
            yield from _of_percent(percent)
            if not (1 <= buy <= MAX_PIECES and 1 <= get <= MAX_PIECES):
                yield _error("/benefit/buy", f"Expected 1 to {MAX_PIECES} pieces to buy and to get.")
        case FreeShipping(up_to=up_to):
            if up_to is not None:
                yield from _of_amount("/benefit/upTo", up_to, currency)


def _of_percent(percent: Decimal) -> Iterator[dict[str, str]]:
    exponent = percent.as_tuple().exponent
    fits = percent.is_finite() and isinstance(exponent, int) and -_PERCENT_DIGITS <= exponent <= 2
    if not fits or not 0 < percent <= 100:
        yield _error("/benefit/percent", f"Expected more than 0, at most 100, with {_PERCENT_DIGITS} decimals at most.")


def _of_conditions(conditions: Conditions, currency: str | None) -> Iterator[dict[str, str]]:
    for field in ("skus", "categories", "customer_groups", "countries"):
        listed = getattr(conditions, field)
        if len(listed) > MAX_LIST or not all(map(_is_text, listed)):
            yield _error(f"/conditions/{field}", f"Expected at most {MAX_LIST} short names.")
    if conditions.min_amount is not None:
        yield from _of_amount("/conditions/minAmount", conditions.min_amount, currency)
    if not 0 <= conditions.min_quantity <= MAX_PIECES:
        yield _error("/conditions/minQuantity", f"Expected 0 to {MAX_PIECES}.")


def _of_amount(pointer: str, amount: Decimal, currency: str | None) -> Iterator[dict[str, str]]:
    if currency is None:
        yield _error("/currency", "An amount needs a currency.")
        return
    try:
        if Money.parse(amount, currency).minor <= 0:
            yield _error(pointer, "Expected more than nothing.")
    except NotMoney as refusal:
        yield _error("/currency" if "currency" in refusal.facts else pointer, refusal.detail)


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _is_text(value: Any) -> bool:
    return 1 <= len(value) <= MAX_NAME and value == value.strip() and not _CONTROL.search(value) and value.isprintable()


def _error(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}
