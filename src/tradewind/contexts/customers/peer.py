"""What other contexts may ask customers."""

from collections.abc import Mapping, Sequence
from typing import Any

from tradewind.contexts.customers._domain.contacts import Channel, Contact
from tradewind.contexts.customers._domain.profile import Preference, Profile
from tradewind.contexts.customers._store import groups, profiles
from tradewind.contracts.customers import CustomerUpdated, Reach
from tradewind.kernel.clock import now


class Customers:
    """Answers to CustomersPeer."""

    async def groups(self, tx: Any, customer_id: str) -> frozenset[str]:
        """The customer groups that a user is in, by name."""
        return frozenset(await groups.of(tx, customer_id))

    async def reach(self, tx: Any, customer_ids: Sequence[str]) -> Mapping[str, Reach]:
        """How each may be reached, as they say now; one question."""
        found = await profiles.all_of(tx, customer_ids)
        return {profile.user_id: _reach(profile, preference) for profile, preference in found}

    async def withdraw(self, tx: Any, customer_id: str, channel: str) -> None:
        """They want to hear no more of offers on this channel."""
        if await profiles.read(tx, customer_id) is None:
            return
        profile = await profiles.hold(tx, customer_id)
        before = await profiles.preference(tx, customer_id)
        if channel not in before.marketing:
            return
        left = frozenset(before.marketing) - {Channel(channel)}
        after = before.changed(profile, before.preferred_channel, left, now())
        await profiles.save_preference(tx, after)
        tx.audit("customers.set_preferences", customer_id, marketing=sorted(after.marketing))
        tx.tell(CustomerUpdated(customer_id=customer_id, changed=("preferences",)))


def _reach(profile: Profile, preference: Preference) -> Reach:
    addresses: dict[str, str] = {}
    for contact in profile.contacts:
        for channel in _written(contact):
            addresses.setdefault(channel, contact.value)
    return Reach(
        addresses=addresses,
        language=profile.language,
        time_zone=profile.time_zone,
        preferred=preference.preferred_channel,
        marketing=frozenset(preference.marketing),
    )


def _written(contact: Contact) -> frozenset[Channel]:
    """The channels on which something is written to it."""
    return contact.channels - {Channel.PHONE}
