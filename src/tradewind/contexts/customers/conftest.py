"""Customers to test with."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.shops import a_call
from tradewind.contexts.customers._domain.contacts import Channel, Contact, Kind
from tradewind.contexts.customers._domain.profile import Changes
from tradewind.contexts.customers.add_address.command import AddAddress
from tradewind.contexts.customers.change_profile.command import ChangeProfile
from tradewind.contexts.customers.set_preferences.command import SetPreferences

LONDON: Final = {"country": "GB", "name": "Ada", "line1": "1 Main Street", "city": "London", "postal_code": "SW1A 1AA"}


class People:
    """Customers of one shop, each known by a name."""

    email = Contact(kind=Kind.EMAIL, value="ada@example.org")
    mobile = Contact(kind=Kind.PHONE, value="+44 7911 123456")
    landline = Contact(kind=Kind.PHONE, value="+49 30 901820")
    london = LONDON

    def __init__(self, shop: Any) -> None:
        self._shop = shop

    async def reach(self, who: str, *contacts: Contact) -> Any:
        """Write a profile with these ways to reach somebody."""
        changes = Changes(contacts=contacts or (self.email,))
        return await self._shop.dispatch(ChangeProfile(changes=changes), a_call("customer", subject=who))

    async def prefer(self, who: str, channel: Channel | None, *agreed: Channel, expected: int | None = None) -> Any:
        """Say how somebody likes to be spoken to."""
        command = SetPreferences(preferred_channel=channel, marketing=frozenset(agreed), expected=expected)
        return await self._shop.dispatch(command, a_call("customer", subject=who))

    async def move_in(
        self, who: str, place: Mapping[str, str] = LONDON, *, shipping: bool = False, billing: bool = False
    ) -> Any:
        """Keep one more address."""
        command = AddAddress(place=dict(place), default_shipping=shipping, default_billing=billing)
        return await self._shop.dispatch(command, a_call("customer", subject=who))

    async def written(self) -> list[Any]:
        """How much there is of everything that customers write."""
        pool = self._shop.db.pool
        return [
            await pool.fetchval("SELECT coalesce(sum(version), 0) FROM customers.profile"),
            await pool.fetchval("SELECT coalesce(sum(version), 0) FROM customers.preference"),
            await pool.fetchval("SELECT coalesce(sum(version), 0) FROM customers.address"),
            await pool.fetchval("SELECT count(*) FROM runtime.outbox"),
            await pool.fetchval("SELECT count(*) FROM runtime.audit_entry"),
        ]


@pytest.fixture
def people(shop: Any) -> People:
    """Nobody yet."""
    return People(shop)
