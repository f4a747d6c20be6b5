"""A customer's profile and preferences, and the rules that hold between them."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import available_timezones

from msgspec import UNSET, Struct, UnsetType, structs

from tradewind.contexts.customers._domain.contacts import MAX_CONTACTS, Channel, Contact, ContactError, normal
from tradewind.kernel.errors import Invalid, NotFound

MAX_NAME: Final = 200
DEFAULT_LANGUAGE: Final = "en"
DEFAULT_CURRENCY: Final = "EUR"
DEFAULT_TIME_ZONE: Final = "UTC"
WIRE: Final = {"contacts": "contactMethods", "time_zone": "timeZone"}
"""What clients and events call our fields, where it is something else."""
_CURRENCY = re.compile(r"[A-Z]{3}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")


class InvalidProfile(Invalid):
    """The profile would break a rule. `errors` names each field."""


class NoSuchCustomer(NotFound):
    """There is no such customer."""


class Changes(Struct, frozen=True, kw_only=True):
    """What becomes different; what is not named stays."""

    name: str | UnsetType | None = UNSET
    contacts: tuple[Contact, ...] | UnsetType = UNSET
    language: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET


class Profile(Struct, frozen=True, kw_only=True):
    """Who a customer says they are. Version 0 has never been written and may be without a way to reach them."""

    user_id: str
    version: int = 0
    name: str | None = None
    contacts: tuple[Contact, ...] = ()
    language: str = DEFAULT_LANGUAGE
    currency: str = DEFAULT_CURRENCY
    time_zone: str = DEFAULT_TIME_ZONE
    created_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def channels(self) -> frozenset[Channel]:
        """How this person can be reached."""
        return frozenset().union(*(contact.channels for contact in self.contacts))

    def changed(self, changes: Changes, preference: "Preference") -> tuple["Profile", tuple[str, ...]]:
        """The profile after `changes`, and the names of the fields that differ; refuses InvalidProfile."""
        given = {name: value for name, value in structs.asdict(changes).items() if value is not UNSET}
        errors: list[dict[str, str]] = []
        if "contacts" in given:
            given["contacts"] = _contacts(given["contacts"], errors)
        for name, complaint in _complaints(given):
            errors.append({"pointer": f"/{name}", "detail": complaint})
        after = structs.replace(self, **given)
        errors += [] if errors else _lost(after, preference)
        if errors:
            raise InvalidProfile(errors=errors)
        different = tuple(WIRE.get(name, name) for name in given if getattr(after, name) != getattr(self, name))
        return structs.replace(after, version=self.version + 1) if different else self, different


class Preference(Struct, frozen=True, kw_only=True):
    """How a customer likes to be spoken to. `marketing`: the channels they agreed to, and since when."""

    user_id: str
    version: int = 0
    preferred_channel: Channel | None = None
    marketing: Mapping[Channel, datetime] = {}

    def changed(
        self, profile: Profile, preferred: Channel | None, agreed: frozenset[Channel], now: datetime
    ) -> "Preference":
        """The preferences from now on; an agreement that stays keeps its time. Refuses InvalidProfile."""
        after = structs.replace(
            self,
            version=self.version + 1,
            preferred_channel=preferred,
            marketing={channel: self.marketing.get(channel, now) for channel in sorted(agreed)},
        )
        if errors := _unusable(profile, after):
            raise InvalidProfile(errors=errors)
        same = (after.preferred_channel, after.marketing) == (self.preferred_channel, dict(self.marketing))
        return self if same and self.version else after


def _contacts(given: tuple[Contact, ...], errors: list[dict[str, str]]) -> tuple[Contact, ...]:
    """In normal form, each once."""
    found: dict[Contact, None] = {}
    if not 0 < len(given) <= MAX_CONTACTS:
        detail = f"There are 1 to {MAX_CONTACTS} ways to reach somebody."
        errors.append({"pointer": "/contactMethods", "detail": detail})
    for index, contact in enumerate(given[:MAX_CONTACTS]):
        try:
            found[normal(contact)] = None
        except ContactError as complaint:
            errors.append({"pointer": f"/contactMethods/{index}/value", "detail": str(complaint)})
    return tuple(found)


def _complaints(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    if not _LANGUAGE.fullmatch(given.get("language", DEFAULT_LANGUAGE)):
        found.append(("language", "A language is written as in BCP 47: en, de-CH, zh-Hant-TW."))
    if not _CURRENCY.fullmatch(given.get("currency", DEFAULT_CURRENCY)):
        found.append(("currency", "A currency is three capital letters of ISO 4217."))
    if given.get("time_zone", DEFAULT_TIME_ZONE) not in _zones():
        found.append(("timeZone", "A time zone is written as in Europe/Lisbon."))
    return found


def _lost(profile: Profile, preference: Preference) -> list[dict[str, str]]:
    """What the profile after its change lacks."""
    if not profile.contacts:
        return [{"pointer": "/contactMethods", "detail": "There must be one way to reach this customer."}]
    used = {preference.preferred_channel, *preference.marketing} - {None}
    return [
        {"pointer": "/contactMethods", "detail": f"{channel} is in use: change the preferences first."}
        for channel in sorted(str(one) for one in used - profile.channels)
    ]


def _unusable(profile: Profile, preference: Preference) -> list[dict[str, str]]:
    """What the preferences name that the profile cannot be reached by."""
    errors = []
    if preference.preferred_channel and preference.preferred_channel not in profile.channels:
        errors.append({"pointer": "/preferredChannel", "detail": "The profile has nothing that takes this."})
    for channel in sorted(set(preference.marketing) - profile.channels):
        errors.append({"pointer": f"/marketing/{channel}", "detail": "The profile has nothing that takes this."})
    return errors


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) | {DEFAULT_TIME_ZONE}
