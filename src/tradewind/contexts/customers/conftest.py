"""Customers to test with."""

from collections.abc import Mapping
from typing import Any

from tests.shops import a_call
from tradewind.contexts.customers._domain.contacts import Channel, Contact, Kind
from tradewind.contexts.customers._domain.profile import Changes
from tradewind.contexts.customers.add_address.command import AddAddress
from tradewind.contexts.customers.change_profile.command import ChangeProfile
from tradewind.contexts.customers.set_preferences.command import SetPreferences

EMAIL = Contact(kind=Kind.EMAIL, value="ada@example.org")
MOBILE = Contact(kind=Kind.PHONE, value="+44 7911 123456")
LANDLINE = Contact(kind=Kind.PHONE, value="+49 30 901820")
LONDON = {"country": "GB", "name": "Ada", "line1": "1 Main Street", "city": "London", "postal_code": "SW1A 1AA"}


async def reach(shop: Any, who: str, *contacts: Contact) -> Any:
    """Write a profile with these ways to reach somebody."""
    return await shop.dispatch(
        ChangeProfile(changes=Changes(contacts=contacts or (EMAIL,))), a_call("customer", subject=who)
    )


async def prefer(shop: Any, who: str, channel: Channel | None, *agreed: Channel, expected: int | None = None) -> Any:
    """Say how somebody likes to be spoken to."""
    command = SetPreferences(preferred_channel=channel, marketing=frozenset(agreed), expected=expected)
    return await shop.dispatch(command, a_call("customer", subject=who))


async def move_in(
    shop: Any, who: str, place: Mapping[str, str] = LONDON, *, shipping: bool = False, billing: bool = False
) -> Any:
    """Keep one more address."""
    command = AddAddress(place=dict(place), default_shipping=shipping, default_billing=billing)
    return await shop.dispatch(command, a_call("customer", subject=who))


async def written(shop: Any) -> list[Any]:
    """How much there is of everything that customers write."""
    return [
        await shop.db.pool.fetchval("SELECT coalesce(sum(version), 0) FROM customers.profile"),
        await shop.db.pool.fetchval("SELECT coalesce(sum(version), 0) FROM customers.preference"),
        await shop.db.pool.fetchval("SELECT coalesce(sum(version), 0) FROM customers.address"),
        await shop.db.pool.fetchval("SELECT count(*) FROM runtime.outbox"),
        await shop.db.pool.fetchval("SELECT count(*) FROM runtime.audit_entry"),
    ]
