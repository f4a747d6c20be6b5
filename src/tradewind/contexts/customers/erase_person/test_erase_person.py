"""Who asks to be forgotten is forgotten once under one key, and another body under it is refused."""

import pytest

from tests.shops import Shop, a_call
from tradewind.contexts.customers._domain.person import Unconfirmed
from tradewind.contexts.customers.erase_person.command import ErasePerson
from tradewind.runtime.idempotency import KeyReused

TRAIL = "SELECT count(*) FROM runtime.audit_entry WHERE action = 'privacy.erase'"


async def test_a_key_stands_for_one_erasure_however_often_it_comes(shop: Shop) -> None:
    call = a_call("customer", subject="ada", key="once")
    with pytest.raises(Unconfirmed):
        await shop.dispatch(ErasePerson(confirm="bob"), call)
    answers = [await shop.dispatch(ErasePerson(confirm="ada"), call) for _ in range(2)]
    assert answers[0] == answers[1]
    assert await shop.db.pool.fetchval(TRAIL) == 1
    with pytest.raises(KeyReused):
        await shop.dispatch(ErasePerson(confirm="bob"), call)
    await shop.dispatch(ErasePerson(confirm="ada"), a_call("customer", subject="ada", key="again"))
    assert await shop.db.pool.fetchval(TRAIL) == 2
