"""Ways to reach a person: kept in one normal form, and only such as exist."""

from enum import StrEnum
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from msgspec import Struct

MAX_CONTACTS: Final = 5
MAX_CONTACT_TEXT: Final = 320
_MOBILE: Final = frozenset((phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE))


class Kind(StrEnum):
    """What a contact method is."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"


class Channel(StrEnum):
    """How the shop may speak to a person."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PHONE = "PHONE"


class Contact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to reach a person. An `EMAIL` is lower case in its domain, a `PHONE` is E.164."""

    kind: Kind
    value: str

    @property
    def channels(self) -> frozenset[Channel]:
        """What it can be used for: a text message needs a number that takes one."""
        if self.kind is Kind.EMAIL:
            return frozenset((Channel.EMAIL,))
        takes_text = phonenumbers.number_type(phonenumbers.parse(self.value)) in _MOBILE
        return frozenset((Channel.PHONE, Channel.SMS)) if takes_text else frozenset((Channel.PHONE,))


class ContactError(ValueError):
    """Nobody can be reached this way; the message says why, without the text itself."""


def normal(contact: Contact) -> Contact:
    """The contact in normal form; raises ContactError."""
    text = _email(contact.value) if contact.kind is Kind.EMAIL else _phone(contact.value)
    return Contact(kind=contact.kind, value=text)


def _email(text: str) -> str:
    try:
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ContactError("This is no e-mail address.") from None


def _phone(text: str) -> str:
    """E.164 of a number that is written with its country's code."""
    try:
        number = phonenumbers.parse(text.strip())
    except phonenumbers.NumberParseException:
        raise ContactError("A number is written with its country's code, as in +44 20 7946 0018.") from None
    if not phonenumbers.is_valid_number(number):
        raise ContactError("No country has such a number.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
