"""Addresses: by the rules of their country, at most so many, and always one that is the default."""

import asyncio
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.api.postal import InvalidAddress
from tradewind.contexts.customers._domain.address import MAX_ADDRESSES, NoSuchAddress, TooManyAddresses
from tradewind.contexts.customers.change_address.command import ChangeAddress
from tradewind.contexts.customers.list_addresses.query import GetAddress, ListAddresses
from tradewind.contexts.customers.remove_address.command import RemoveAddress
from tradewind.kernel.versions import Outdated


async def kept(shop: Any, who: str = "ada") -> list[tuple[str, bool, bool]]:
    found = await shop.dispatch(ListAddresses(), a_call("customer", subject=who))
    return [(one.name, one.default_shipping, one.default_billing) for one in found.items]


@pytest.mark.parametrize(
    ("wrong", "pointers"),
    [
        ({"country": "XX"}, ["/country"]),
        ({"postal_code": "12345"}, ["/postalCode"]),
        ({"country": "US", "city": "Albany", "region": "Ruritania"}, ["/region", "/postalCode"]),
        ({"phone": "12"}, ["/phone"]),
    ],
)
async def test_an_address_that_breaks_its_countrys_rules_is_refused_by_its_field(
    people: Any, wrong: dict[str, str], pointers: list[str]
) -> None:
    before = await people.written()
    with pytest.raises(InvalidAddress) as refused:
        await people.move_in("ada", people.london | wrong)
    assert [error["pointer"] for error in refused.value.facts["errors"]] == pointers
    assert await people.written() == before


async def test_somebody_elses_address_is_none(shop: Any, people: Any) -> None:
    one = await people.move_in("ada")
    bob = a_call("customer", subject="bob")
    with pytest.raises(NoSuchAddress):
        await shop.dispatch(GetAddress(address_id=one.id), bob)
    with pytest.raises(NoSuchAddress):
        await shop.dispatch(RemoveAddress(address_id=one.id), bob)
    change = ChangeAddress(address_id=one.id, place=people.london, default_shipping=False, default_billing=False)
    with pytest.raises(NoSuchAddress):
        await shop.dispatch(change, bob)
    assert len(await kept(shop)) == 1


async def test_many_at_once_stay_within_the_limit_with_one_default(shop: Any, people: Any) -> None:
    await asyncio.gather(*(people.move_in("ada", shipping=True) for _ in range(MAX_ADDRESSES - 2)))
    answers = await asyncio.gather(*(people.move_in("ada") for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(one, TooManyAddresses) for one in answers) == 4
    defaults = await kept(shop)
    assert len(defaults) == MAX_ADDRESSES
    assert sum(shipping for _, shipping, _ in defaults) == sum(billing for _, _, billing in defaults) == 1


async def test_a_default_passes_on_and_never_goes_without_an_heir(shop: Any, people: Any) -> None:
    home = await people.move_in("ada", people.london | {"name": "home"})
    work = await people.move_in("ada", people.london | {"name": "work"}, billing=True)
    assert await kept(shop) == [("home", True, False), ("work", False, True)]
    change = ChangeAddress(
        address_id=work.id,
        place=people.london | {"name": "work"},
        default_shipping=True,
        default_billing=False,
        expected=1,
    )
    me = a_call("customer", subject="ada")
    assert (await shop.dispatch(change, me)).version == 2
    assert await kept(shop) == [("home", False, False), ("work", True, True)]
    with pytest.raises(Outdated):
        await shop.dispatch(RemoveAddress(address_id=work.id, expected=1), me)
    await shop.dispatch(RemoveAddress(address_id=work.id), me)
    assert await kept(shop) == [("home", True, True)]
    await shop.dispatch(RemoveAddress(address_id=home.id), me)
    assert await kept(shop) == []


async def test_an_address_is_kept_in_normal_form(people: Any) -> None:
    one = await people.move_in(
        "ada", people.london | {"line1": " 1  Main Street", "postal_code": "sw1a 1aa", "phone": "020 7946 0018"}
    )
    assert (one.line1, one.postal_code, one.phone) == ("1 Main Street", "SW1A 1AA", "+442079460018")
