"""An address of a customer: by the rules of its country, with a phone that exists."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import phonenumbers
from msgspec import Struct

from tradewind.api.postal import InvalidAddress, checked
from tradewind.kernel.errors import Conflict, NotFound

MAX_ADDRESSES: Final = 20


class NoSuchAddress(NotFound):
    """You have no such address."""


class TooManyAddresses(Conflict):
    """A customer keeps at most so many addresses; remove one first. `most` says how many."""


class Address(Struct, frozen=True, kw_only=True):
    """Where something can be sent. `place` has the parts that there are, in normal form."""

    id: UUID
    user_id: str
    version: int
    place: Mapping[str, str]
    default_shipping: bool = False
    default_billing: bool = False


def normal(place: Mapping[str, str]) -> dict[str, str]:
    """The parts in normal form; refuses (InvalidAddress) naming each that is missing or wrong."""
    errors: list[dict[str, str]] = []
    try:
        found = checked(place)
    except InvalidAddress as refusal:
        found, errors = dict(place), list(refusal.facts["errors"])
    if "phone" in found:
        number = _phone(found["phone"], found.get("country", ""))
        if number is None:
            errors.append({"pointer": "/phone", "detail": "No country has such a number."})
        else:
            found["phone"] = number
    if errors:
        raise InvalidAddress(errors=errors)
    return found


def _phone(text: str, country: str) -> str | None:
    """E.164 of a number; one without its country's code is of the address's country."""
    try:
        number = phonenumbers.parse(text, country.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
