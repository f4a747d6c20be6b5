"""Messages as documents: lists are as the rows are, however far the documents are, and what is erased is gone."""

import re
from collections.abc import Iterator
from random import Random
from typing import Any

import asyncpg
import pytest

from tests.notifications.told import bring_all, bring_what_may_be, confirmed, kept, listed, owes, rows, settled
from tests.posts import Post
from tests.shops import a_call
from tradewind.contexts.customers.manifest import ErasePerson
from tradewind.contexts.notifications._domain.messages import Channel, Status
from tradewind.contexts.notifications._store.documents import MESSAGES, changes, view
from tradewind.contexts.notifications.list_messages import query
from tradewind.contexts.notifications.report_bounce.command import ReportBounce
from tradewind.contexts.notifications.show_message.query import ShowMessage
from tradewind.contexts.notifications.spread_messages.timer import bring_on, spread_messages
from tradewind.contracts.messages import Event
from tradewind.kernel.clock import held
from tradewind.kernel.ids import new_id
from tradewind.ports.documents import NOWHERE, Documents, DocumentsAway, Gone, Reached
from tradewind.runtime import failpoints
from tradewind.runtime.telemetry import metrics

AWAY = "ALTER TABLE documents.document RENAME TO away"
KEPT = "SELECT d::text FROM documents.document AS d UNION ALL SELECT g::text FROM notifications.gone AS g"
NAMED = re.compile(r"\bada\b")
"""Not within an id, of whose digits it is made."""
BACK = "ALTER TABLE documents.away RENAME TO document"


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm({})


@pytest.fixture
def documents(post: Post) -> Documents:
    found: Any = post.shop.db.peers[Documents]
    found._answer_s = 300.0  # on a machine that others use as well
    return found  # type: ignore[no-any-return]


def missed() -> float:
    """Lists that the rows answered."""
    found: float = metrics.documents_missed_total._value.get()
    return found


async def everything(post: Post) -> str:
    """All that is kept beside the messages' rows."""
    return str(await post.shop.db.pool.fetch(KEPT))


async def are_as_the_rows(post: Post) -> None:
    expected = [view(one) for one in await rows(post.shop)]
    assert await listed(post.shop) == expected
    for status in {one.status for one in expected}:
        assert await listed(post.shop, status=Status(status)) == [one for one in expected if one.status == status]
    for user_id in {one.user_id for one in expected}:
        assert await listed(post.shop, user_id=user_id) == [one for one in expected if one.user_id == user_id]


async def test_a_list_is_as_the_rows_are_however_far_the_documents_are(post: Post, documents: Documents) -> None:
    chance = Random(4)
    for step in range(6):
        await owes(post, 5, chance.choice(("ada", "ben")))
        await are_as_the_rows(post)
        if step % 2:
            await post.sends()
        await are_as_the_rows(post)
        await settled(post.shop)
        await bring_on(post.shop.db, documents, batch=chance.randrange(1, 12))
        await are_as_the_rows(post)
    before = missed()
    await bring_all(post.shop, documents)
    await are_as_the_rows(post)
    assert await kept(documents) == await rows(post.shop)
    assert missed() == before


async def test_messages_of_one_order_are_found_by_it(post: Post, documents: Documents) -> None:
    await owes(post, 3)
    order_id = (await rows(post.shop))[1].keys["orderId"]
    for _ in range(2):
        assert [str(one.order_id) for one in await listed(post.shop, order_id=order_id)] == [order_id]
        assert await listed(post.shop, order_id=new_id()) == []
        await bring_all(post.shop, documents)


async def test_with_too_much_unheard_of_the_rows_answer(
    post: Post, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "MAX_NEWS", 3)
    await owes(post, 4)
    before = missed()
    await are_as_the_rows(post)
    assert missed() > before
    await bring_all(post.shop, documents, batch=2)
    before = missed()
    await are_as_the_rows(post)
    assert missed() == before


async def test_while_the_documents_are_away_the_rows_answer_and_they_catch_up_by_themselves(
    post: Post, documents: Documents
) -> None:
    await owes(post, 3)
    await bring_all(post.shop, documents)
    await post.shop.db.pool.execute(AWAY)
    await owes(post, 2, "ben")
    await post.sends()
    await are_as_the_rows(post)
    await settled(post.shop)  # else there may be nothing to bring yet, and nobody notices that they are away
    assert await spread_messages(post.shop.db) == 0
    with pytest.raises(DocumentsAway):
        await bring_on(post.shop.db, documents)
    await post.shop.db.pool.execute(BACK)
    await settled(post.shop)
    await spread_messages(post.shop.db)
    assert await kept(documents) == await rows(post.shop)


@pytest.mark.parametrize("point", ["notifications.before_spread", "documents.before_reached"])
async def test_who_dies_while_bringing_them_brings_them_again_and_they_show_once(
    post: Post, documents: Documents, point: str
) -> None:
    await owes(post, 3)
    await settled(post.shop)
    failpoints.arm({point: "raise"})
    with pytest.raises(failpoints.FailpointHit):
        await bring_on(post.shop.db, documents)
    failpoints.arm({})
    assert await documents.reached(MESSAGES) == NOWHERE
    await are_as_the_rows(post)
    await bring_all(post.shop, documents)
    assert await kept(documents) == await rows(post.shop)


async def test_what_an_older_transaction_writes_late_is_brought_too(post: Post, documents: Documents) -> None:
    await owes(post, 1)
    early: Any = await asyncpg.connect(post.shop.engines.database_url)
    try:
        change = early.transaction()
        await change.start()
        await early.execute("UPDATE notifications.message SET why = 'early'")
        await owes(post, 2, "ben")
        await bring_what_may_be(post.shop, documents)
        await are_as_the_rows(post)
        await change.commit()
    finally:
        await early.close()
    await are_as_the_rows(post)
    await bring_all(post.shop, documents)
    assert await kept(documents) == await rows(post.shop)
    assert "early" in {one.body["why"] for one in await kept(documents)}


async def test_who_is_erased_is_in_no_document_also_where_a_late_worker_still_had_them_in_its_hands(
    post: Post, documents: Documents
) -> None:
    await post.person()
    await owes(post, 3)
    await owes(post, 1, "ben")
    await bring_all(post.shop, documents)
    assert NAMED.search(await everything(post))
    await owes(post, 2)
    async with post.shop.db.reading(a_call("system")) as tx:
        in_hands = await changes(tx, NOWHERE, 100)
    await post.shop.db.pool.execute("UPDATE orders.orders SET status = 'FULFILLED'")
    await post.shop.dispatch(ErasePerson(confirm="ada"), a_call("customer", subject="ada"))
    assert {one.user_id for one in await listed(post.shop)} == {"ben"}
    await bring_all(post.shop, documents)
    for _ in range(2):
        assert await kept(documents, {"userId": "ada"}) == []
        assert {one.user_id for one in await listed(post.shop)} == {"ben"}
        assert await kept(documents) == await rows(post.shop)
        await documents.put(MESSAGES, in_hands, Reached(1, new_id()))
    assert not NAMED.search(await everything(post))


async def test_who_is_erased_while_the_documents_are_away_goes_as_soon_as_they_are_back(
    post: Post, documents: Documents
) -> None:
    await owes(post, 2)
    await bring_all(post.shop, documents)
    await post.shop.db.pool.execute(AWAY)
    await post.shop.db.pool.execute("DELETE FROM notifications.message")
    await settled(post.shop)
    assert await spread_messages(post.shop.db) == 0
    await post.shop.db.pool.execute(BACK)
    assert len(await kept(documents)) == 2
    assert await listed(post.shop) == []
    await settled(post.shop)
    await spread_messages(post.shop.db)
    assert await kept(documents) == []


async def test_a_message_that_is_owed_again_after_it_was_erased_is_there_again(
    post: Post, documents: Documents
) -> None:
    event: Event = confirmed(await post.order("ada", email="ada@example.org"))
    await post.hears(event)
    await bring_all(post.shop, documents)
    await post.shop.db.pool.execute("DELETE FROM notifications.message")
    await bring_all(post.shop, documents)
    await post.hears(event)
    await bring_all(post.shop, documents)
    assert await kept(documents) == await rows(post.shop)
    assert [one.user_id for one in await listed(post.shop)] == ["ada"]


async def test_a_shop_at_rest_writes_no_documents(post: Post, documents: Documents) -> None:
    await owes(post, 1)
    await bring_all(post.shop, documents)
    async with post.shop.db.reading(a_call("system")) as tx:
        assert await changes(tx, await documents.reached(MESSAGES), 9) == []
    before = await post.shop.db.pool.fetchval("SELECT xmin::text FROM documents.reached")
    for _ in range(3):
        assert await spread_messages(post.shop.db) == 0
    assert await post.shop.db.pool.fetchval("SELECT xmin::text FROM documents.reached") == before


async def test_staff_sees_every_try_of_a_message_and_what_came_of_it(post: Post, documents: Documents) -> None:
    await owes(post, 1)
    post.mails.script = ["later"]
    await post.sends()
    await post.now_due()
    await post.sends()
    message_id = (await rows(post.shop))[0].id
    for _ in range(2):
        await post.shop.dispatch(ReportBounce(message_id=message_id), a_call("admin"))
    said = await post.shop.dispatch(ShowMessage(message_id=message_id), a_call("support"))
    assert [(one.status, one.why) for one in said.log] == [
        ("OWED", "MailServerAway"), ("SENT", None), ("BOUNCED", "came back"),
    ]  # fmt: skip
    assert said.log == sorted(said.log, key=lambda one: one.at)
    await bring_all(post.shop, documents)
    assert [one["status"] for one in (await kept(documents))[0].body["log"]] == ["OWED", "SENT", "BOUNCED"]


async def test_a_message_that_waits_for_the_morning_says_so(post: Post) -> None:
    await post.person()
    await post.prefers("ada", "SMS")
    await post.hears(confirmed(await post.order()))
    night = (await post.shop.db.pool.fetchval("SELECT now()")).replace(hour=23)
    with held(night):
        await post.sends(Channel.SMS)
    (text,) = [one for one in await rows(post.shop) if one.body["channel"] == "SMS"]
    assert [(one["status"], one["why"]) for one in text.body["log"]] == [("OWED", "quiet hours")]


def test_what_is_gone_says_nothing_but_its_id() -> None:
    assert Gone.__struct_fields__ == ("id", "version")
