"""Customer groups: set by staff, asked for by quotes."""

from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.customers._domain.profile import NoSuchCustomer
from tradewind.contexts.customers.get_groups.query import GetGroups
from tradewind.contexts.customers.set_groups.command import SetGroups
from tradewind.contracts.customers import CustomersPeer
from tradewind.kernel.errors import Forbidden


async def test_nobody_puts_themselves_or_nobody_into_a_group(shop: Any, people: Any) -> None:
    await people.reach("ada")
    join = SetGroups(user_id="ada", groups=frozenset({"trade"}))
    for role in ("customer", "warehouse"):
        with pytest.raises(Forbidden):
            await shop.dispatch(join, a_call(role, subject="ada"))
    with pytest.raises(NoSuchCustomer):
        await shop.dispatch(SetGroups(user_id="nobody", groups=frozenset({"trade"})), a_call("merchandiser"))
    assert await shop.db.pool.fetchval("SELECT count(*) FROM customers.customer_group") == 0


async def test_quotes_know_the_groups_that_staff_set_last(shop: Any, people: Any) -> None:
    await people.reach("ada")
    for groups in ({"trade", "vip"}, {"vip", "staff"}):
        await shop.dispatch(SetGroups(user_id="ada", groups=frozenset(groups)), a_call("merchandiser"))
    assert (await shop.dispatch(GetGroups(user_id="ada"), a_call("support"))).groups == ("staff", "vip")
    async with shop.db.reading(a_call()) as tx:
        assert await tx.peer(CustomersPeer).groups(tx, "ada") == {"staff", "vip"}
        assert await tx.peer(CustomersPeer).groups(tx, "guest-1") == frozenset()
