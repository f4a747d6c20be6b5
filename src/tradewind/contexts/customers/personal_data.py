"""What customers hold of a person."""

from collections.abc import Mapping
from typing import Any

from tradewind.contexts.customers._domain.views import of_address, of_preference, of_profile
from tradewind.contexts.customers._store import addresses, groups, profiles
from tradewind.contracts.privacy import Person
from tradewind.runtime.database import Tx


class CustomerData:
    """Answers to PersonalData."""

    async def export(self, tx: Tx, person: Person) -> Mapping[str, Any]:
        """Profile, preferences, addresses and groups."""
        profile = await profiles.read(tx, person.user_id)
        if profile is None:
            return {}
        return {
            "profile": of_profile(profile),
            "preferences": of_preference(await profiles.preference(tx, person.user_id)),
            "addresses": [of_address(one) for one in await addresses.all_of(tx, person.user_id)],
            "groups": await groups.of(tx, person.user_id),
        }

    async def erase(self, tx: Tx, person: Person) -> None:
        """Nothing of it is part of the books."""
        await profiles.forget(tx, person.user_id)
        await addresses.forget(tx, person.user_id)
        await groups.forget(tx, person.user_id)
