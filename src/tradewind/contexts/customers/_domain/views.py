"""What customers see of themselves, and staff of them."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.customers._domain.address import Address
from tradewind.contexts.customers._domain.contacts import Channel, Kind
from tradewind.contexts.customers._domain.profile import Preference, Profile


class ContactView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A way to reach somebody, and what it can be used for."""

    kind: Kind
    value: str
    channels: tuple[Channel, ...]


class ProfileView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A customer's profile."""

    user_id: str
    version: int
    name: str | None
    contact_methods: tuple[ContactView, ...]
    language: str
    currency: str
    time_zone: str
    created_at: datetime | None
    changed_at: datetime | None


class Consent(Struct, frozen=True, kw_only=True, rename="camel"):
    """A channel on which a customer agreed to hear of offers, and since when."""

    channel: Channel
    since: datetime


class PreferenceView(Struct, frozen=True, kw_only=True, rename="camel"):
    """How a customer likes to be spoken to."""

    version: int
    preferred_channel: Channel | None
    marketing: tuple[Consent, ...]


class AddressView(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An address in normal form."""

    id: UUID
    version: int
    country: str
    default_shipping: bool
    default_billing: bool
    name: str | None = None
    company: str | None = None
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    phone: str | None = None


class AddressList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Every address of a customer, the oldest first."""

    items: tuple[AddressView, ...]


class GroupsView(Struct, frozen=True, kw_only=True, rename="camel"):
    """The groups that a customer is in."""

    user_id: str
    groups: tuple[str, ...]


def of_profile(profile: Profile) -> ProfileView:
    """The profile as it is shown."""
    contacts = tuple(
        ContactView(kind=one.kind, value=one.value, channels=tuple(sorted(one.channels))) for one in profile.contacts
    )
    return ProfileView(
        user_id=profile.user_id,
        version=profile.version,
        name=profile.name,
        contact_methods=contacts,
        language=profile.language,
        currency=profile.currency,
        time_zone=profile.time_zone,
        created_at=profile.created_at,
        changed_at=profile.changed_at,
    )


def of_preference(one: Preference) -> PreferenceView:
    """The preferences as they are shown."""
    agreed = tuple(Consent(channel=channel, since=since) for channel, since in sorted(one.marketing.items()))
    return PreferenceView(version=one.version, preferred_channel=one.preferred_channel, marketing=agreed)


def of_address(one: Address) -> AddressView:
    """The address as it is shown."""
    return AddressView(
        id=one.id,
        version=one.version,
        default_shipping=one.default_shipping,
        default_billing=one.default_billing,
        **one.place,
    )
