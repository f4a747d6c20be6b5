"""The customers context's table of contents."""

from pathlib import Path

from tradewind.contexts.customers._domain.archive import archive
from tradewind.contexts.customers._subscribers.on_person_erased import on_person_erased
from tradewind.contexts.customers._subscribers.on_user_registered import on_user_registered
from tradewind.contexts.customers.add_address import rest as add_address_rest
from tradewind.contexts.customers.add_address.command import add_address
from tradewind.contexts.customers.change_address import rest as change_address_rest
from tradewind.contexts.customers.change_address.command import change_address
from tradewind.contexts.customers.change_profile import rest as change_profile_rest
from tradewind.contexts.customers.change_profile.command import change_profile
from tradewind.contexts.customers.erase_person import rest as erase_person_rest
from tradewind.contexts.customers.erase_person.command import (
    Erased,
    ErasePerson,
    erase_person,
    find_lost,
    forget_person,
)
from tradewind.contexts.customers.erase_person.elsewhere import FORGET_ELSEWHERE
from tradewind.contexts.customers.export_person import rest as export_person_rest
from tradewind.contexts.customers.export_person.command import Exported, ExportPerson, export_person, show_held
from tradewind.contexts.customers.get_groups import rest as get_groups_rest
from tradewind.contexts.customers.get_groups.query import get_groups
from tradewind.contexts.customers.get_preferences import rest as get_preferences_rest
from tradewind.contexts.customers.get_preferences.query import get_preferences
from tradewind.contexts.customers.get_profile import rest as get_profile_rest
from tradewind.contexts.customers.get_profile.query import get_profile
from tradewind.contexts.customers.list_addresses import rest as list_addresses_rest
from tradewind.contexts.customers.list_addresses.query import get_address, list_addresses
from tradewind.contexts.customers.peer import Customers
from tradewind.contexts.customers.personal_data import CustomerData
from tradewind.contexts.customers.remove_address import rest as remove_address_rest
from tradewind.contexts.customers.remove_address.command import remove_address
from tradewind.contexts.customers.set_groups import rest as set_groups_rest
from tradewind.contexts.customers.set_groups.command import SetGroups, set_groups
from tradewind.contexts.customers.set_preferences import rest as set_preferences_rest
from tradewind.contexts.customers.set_preferences.command import set_preferences
from tradewind.contracts.customers import CustomersPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "ErasePerson", "Erased", "ExportPerson", "Exported", "SetGroups", "archive"]

_peer: CustomersPeer = Customers()
MANIFEST = Manifest(
    name="customers",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        get_profile,
        change_profile,
        get_preferences,
        set_preferences,
        list_addresses,
        get_address,
        add_address,
        change_address,
        remove_address,
        get_groups,
        set_groups,
        export_person,
        show_held,
        erase_person,
        find_lost,
        forget_person,
    ),
    routes=(
        get_profile_rest.get_my_profile,
        change_profile_rest.change_my_profile,
        get_preferences_rest.get_my_preferences,
        set_preferences_rest.set_my_preferences,
        list_addresses_rest.list_my_addresses,
        add_address_rest.add_my_address,
        list_addresses_rest.get_my_address,
        change_address_rest.change_my_address,
        remove_address_rest.remove_my_address,
        export_person_rest.export_me,
        erase_person_rest.erase_me,
        get_profile_rest.get_customer,
        get_groups_rest.get_customer_groups,
        set_groups_rest.set_customer_groups,
        export_person_rest.export_customer,
        erase_person_rest.erase_customer,
    ),
    subscribers=(on_user_registered, on_person_erased),
    sagas=(FORGET_ELSEWHERE,),
    peers={CustomersPeer: _peer},
    personal_data=CustomerData(),
)
