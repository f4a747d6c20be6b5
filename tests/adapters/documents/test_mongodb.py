"""Messages in a MongoDB: the same as in Postgres for the same events, whatever happens to it in between."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.adapters.documents.conftest import ANSWER_S, InMongo, InPostgres, Keeper
from tests.adapters.order_lists.conftest import Wire
from tests.engines import address
from tests.notifications.told import bring_all, kept, listed, owes, rows
from tests.posts import Post
from tests.receivers import a_carrier, a_mail_server
from tests.shops import a_call, open_shop, until, working
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.customers.manifest import ErasePerson
from tradewind.contexts.notifications._store.documents import MESSAGES, view
from tradewind.kernel.ids import new_id
from tradewind.ports.documents import NOWHERE, Document, Documents, DocumentsAway, Reached

pytestmark = pytest.mark.engine("mongodb")


def checksum(documents: list[Document]) -> tuple[int, str]:
    """How many there are, and what they say."""
    return len(documents), hashlib.sha256(msgspec.json.encode(documents, order="deterministic")).hexdigest()


@asynccontextmanager
async def shop_at(url: str, settings: Settings, engines: Engines, home: Path) -> AsyncIterator[Post]:
    """A shop whose messages are documents of the MongoDB at `url`; they are gone afterwards."""
    async with a_mail_server() as mails, a_carrier() as carrier:
        chosen = replace(settings, home=home, mongodb_url=url, smtp_url=mails.url, texts_url=carrier.url, texts_key="k")
        async with open_shop(chosen, engines, connections=8) as shop:
            kept_there: Any = shop.db.peers[Documents]
            kept_there._answer_s = kept_there._put_s = ANSWER_S
            yield Post(shop, mails, carrier)
            await kept_there._client.drop_database(kept_there._database.name)


async def test_the_same_events_are_the_same_documents_in_postgres_and_in_mongodb(post: Post, mongodb: InMongo) -> None:
    keepers: list[Keeper] = [InPostgres(post.shop), mongodb]
    for step in range(4):
        await owes(post, 20, ("ada", "ben")[step % 2])
        post.mails.script = ["later", "unknown"]
        await post.sends()
        for keeper in keepers:
            await bring_all(post.shop, keeper.documents, batch=7)
    await post.shop.db.pool.execute("DELETE FROM notifications.message WHERE user_id = 'ben' AND status <> 'SENT'")
    sums = []
    for keeper in keepers:
        await bring_all(post.shop, keeper.documents)
        sums.append(checksum(list(await kept(keeper.documents))))
        assert [view(one) for one in await kept(keeper.documents, {"userId": "ada"})] == await listed(
            post.shop, user_id="ada"
        )
    assert sums == [checksum(await rows(post.shop))] * 2
    print(f"{sums[0][0]} documents, sha256 {sums[0][1]}")


async def test_a_shop_goes_on_while_mongodb_is_away_and_its_documents_catch_up_by_themselves(
    settings: Settings, own_engines: Engines, tmp_path: Path
) -> None:
    wire = Wire(urlsplit(address("MONGODB_URL")).netloc)
    await wire.mend()
    async with shop_at(f"mongodb://127.0.0.1:{wire.port}", settings, own_engines, tmp_path) as post:
        documents: Any = post.shop.db.peers[Documents]

        async def caught_up() -> bool:
            try:
                return await kept(documents) == await rows(post.shop)
            except DocumentsAway:
                return False

        async def as_the_rows() -> None:
            found = await listed(post.shop, user_id="ada")
            assert found == [view(one) for one in await rows(post.shop) if one.keys["userId"] == "ada"]

        await post.person()
        await owes(post, 3)
        async with working(post.shop):
            await until(post.shop, caught_up)
            await wire.cut()
            await owes(post, 2)
            assert len(await listed(post.shop)) == 5
            await wire.mend()
            await until(post.shop, caught_up)
            await documents._client.drop_database(documents._database.name)
            await until(post.shop, caught_up)
        await as_the_rows()
        await post.shop.db.pool.execute("UPDATE orders.orders SET status = 'FULFILLED'")
        await wire.cut()
        await post.shop.dispatch(ErasePerson(confirm="ada"), a_call("customer", subject="ada"))
        assert await listed(post.shop) == []
        await wire.mend()
        async with working(post.shop):
            await until(post.shop, caught_up)
        assert await kept(documents) == []
        left = await documents._database[MESSAGES.name].find().to_list()
        assert [set(one) for one in left] == [{"_id", "version"}] * 5
    await wire.cut()


async def test_indexes_are_there_for_every_key_and_again_after_somebody_dropped_all(mongodb: InMongo) -> None:
    documents: Any = mongodb.documents
    for _ in range(2):
        assert await documents.reached(MESSAGES) == NOWHERE
        await documents.put(MESSAGES, [], Reached(1, new_id()))
        found = await documents._database[MESSAGES.name].index_information()
        assert found.keys() == {"_id_", "newest", *MESSAGES.keys}
        await mongodb.dropped()
