"""A profile: what it refuses, who comes first, and what is told of a change."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.shops import a_call
from tradewind.contexts.customers._domain.contacts import Channel, Contact, Kind
from tradewind.contexts.customers._domain.profile import Changes, InvalidProfile, NoSuchCustomer
from tradewind.contexts.customers.change_profile.command import ChangeProfile
from tradewind.contexts.customers.get_profile.query import GetProfile
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.versions import Outdated

EMAIL = Contact(kind=Kind.EMAIL, value="ada@example.org")
MOBILE = Contact(kind=Kind.PHONE, value="+44 7911 123456")
LANDLINE = Contact(kind=Kind.PHONE, value="+49 30 901820")


def contact(kind: Kind, value: str) -> tuple[Contact, ...]:
    return (Contact(kind=kind, value=value),)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        (Changes(name="Ada"), "/contactMethods"),
        (Changes(contacts=()), "/contactMethods"),
        (Changes(contacts=(EMAIL,) * 6), "/contactMethods"),
        (Changes(contacts=contact(Kind.EMAIL, "ada at home")), "/contactMethods/0/value"),
        (Changes(contacts=contact(Kind.PHONE, "020 7946 0018")), "/contactMethods/0/value"),
        (Changes(contacts=contact(Kind.PHONE, "+44 1")), "/contactMethods/0/value"),
        (Changes(contacts=(EMAIL,), language="english"), "/language"),
        (Changes(contacts=(EMAIL,), currency="euro"), "/currency"),
        (Changes(contacts=(EMAIL,), time_zone="Mars/Olympus"), "/timeZone"),
    ],
)
async def test_a_profile_that_breaks_a_rule_is_refused_by_its_field(
    shop: Any, people: Any, changes: Changes, pointer: str
) -> None:
    before = await people.written()
    with pytest.raises(InvalidProfile) as refused:
        await shop.dispatch(ChangeProfile(changes=changes), a_call("customer"))
    assert [error["pointer"] for error in refused.value.facts["errors"]] == [pointer]
    assert await people.written() == before


async def test_a_refusal_repeats_nothing_that_was_sent(shop: Any) -> None:
    with pytest.raises(InvalidProfile) as refused:
        await shop.dispatch(
            ChangeProfile(changes=Changes(contacts=contact(Kind.EMAIL, "secret at home"))), a_call("customer")
        )
    assert "secret" not in f"{refused.value} {refused.value.facts}"


async def test_a_way_that_is_in_use_is_not_taken_away(people: Any) -> None:
    await people.reach("ada", EMAIL, MOBILE)
    await people.prefer("ada", Channel.SMS, Channel.EMAIL)
    before = await people.written()
    for left, lost in (((EMAIL, LANDLINE), "SMS"), ((MOBILE,), "EMAIL")):
        with pytest.raises(InvalidProfile) as refused:
            await people.reach("ada", *left)
        assert [error["detail"].split()[0] for error in refused.value.facts["errors"]] == [lost]
    assert await people.written() == before


async def test_staff_without_the_scope_change_nothing_and_shoppers_see_nobody_else(shop: Any, people: Any) -> None:
    await people.reach("ada")
    with pytest.raises(Forbidden):
        await shop.dispatch(ChangeProfile(changes=Changes(name="x")), a_call("support"))
    with pytest.raises(Forbidden):
        await shop.dispatch(GetProfile(), a_call("guest"))
    with pytest.raises(NoSuchCustomer):
        await shop.dispatch(GetProfile(user_id="ada"), a_call("customer", subject="bob"))
    with pytest.raises(NoSuchCustomer):
        await shop.dispatch(GetProfile(user_id="nobody"), a_call("support"))
    assert (await shop.dispatch(GetProfile(user_id="ada"), a_call("support"))).version == 1


async def test_of_two_who_change_the_same_version_one_is_told(shop: Any, people: Any) -> None:
    await people.reach("ada")
    tries = [
        shop.dispatch(ChangeProfile(changes=Changes(name=name), expected=1), a_call("customer", subject="ada"))
        for name in ("Ada", "Augusta")
    ]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["Outdated", "ProfileView"]
    late = next(one for one in answers if isinstance(one, Outdated))
    assert late.facts == {"version": 2}


async def test_a_profile_is_kept_in_normal_form_and_its_change_told_by_field_alone(shop: Any) -> None:
    me = a_call("customer", subject="ada")
    assert (await shop.dispatch(GetProfile(), me)).version == 0
    contacts = (*contact(Kind.EMAIL, " Ada@Example.ORG "), MOBILE, LANDLINE)
    first = Changes(name="Ada", contacts=contacts, language="de-CH", currency="CHF", time_zone="Europe/Zurich")
    answer = await shop.dispatch(ChangeProfile(changes=first), me)
    assert await shop.dispatch(GetProfile(), me) == answer
    shown = msgspec.json.decode(msgspec.json.encode(answer))
    assert shown.pop("changedAt") >= shown.pop("createdAt")
    assert shown == {
        "userId": "ada", "version": 1, "name": "Ada", "language": "de-CH", "currency": "CHF",
        "timeZone": "Europe/Zurich",
        "contactMethods": [
            {"kind": "EMAIL", "value": "Ada@example.org", "channels": ["EMAIL"]},
            {"kind": "PHONE", "value": "+447911123456", "channels": ["PHONE", "SMS"]},
            {"kind": "PHONE", "value": "+4930901820", "channels": ["PHONE"]},
        ],
    }  # fmt: skip
    assert (await shop.dispatch(ChangeProfile(changes=first), me)).version == 1
    assert (await shop.dispatch(ChangeProfile(changes=Changes(name=None)), me)).name is None
    told = await shop.db.pool.fetch("SELECT key, payload::text AS payload FROM runtime.outbox ORDER BY position")
    assert [(row["key"], msgspec.json.decode(row["payload"])) for row in told] == [
        ("ada", {"customerId": "ada", "changed": ["name", "contactMethods", "language", "currency", "timeZone"]}),
        ("ada", {"customerId": "ada", "changed": ["name"]}),
    ]
