"""What identity holds of a person is theirs to see, and goes when they go; ended sessions stay ended."""

from typing import Any
from uuid import UUID

from tradewind.contexts.identity.personal_data import AccountData
from tradewind.contracts.identity import AccountsPeer
from tradewind.contracts.privacy import Person
from tradewind.runtime.call import internal_call

HOLDER = AccountData()
EVERYTHING = (
    "SELECT format('SELECT coalesce(string_agg(t::text, chr(10)), %L) FROM identity.%I t', '', tablename)"
    " AS sql FROM pg_tables WHERE schemaname = 'identity'"
)


async def kept(shop: Any) -> str:
    tables = await shop.db.pool.fetch(EVERYTHING)
    return "\n".join([await shop.db.pool.fetchval(row["sql"]) for row in tables])


async def erase(shop: Any, person: Person) -> None:
    async with shop.db.transaction(internal_call("privacy")) as tx:
        await HOLDER.erase(tx, person)


async def test_of_a_guest_and_of_who_was_never_there_nothing_is_held(shop: Any, client: Any) -> None:
    for user_id in ("guest-1", "0190a0a0-0000-7000-8000-000000000000"):
        person = Person(user_id=user_id, emails=("nobody@shop.test",))
        async with shop.db.reading(internal_call("privacy")) as tx:
            assert await HOLDER.export(tx, person) == {}
        await erase(shop, person)


async def test_the_export_says_all_but_secrets(shop: Any, ada: Any) -> None:
    await ada.elsewhere()
    async with shop.db.reading(internal_call("privacy")) as tx:
        found = await HOLDER.export(tx, Person(user_id=await ada.id()))
    assert found["account"]["email"] == ada.email
    assert [one["device"] for one in found["sessions"]] == ["a browser", "a browser"]
    assert "argon2" not in str(found)


async def test_who_is_erased_leaves_no_trace_is_out_at_once_and_may_come_again_as_somebody_new(
    shop: Any, ada: Any, client: Any, books: Any, admin: Any
) -> None:
    user_id = await ada.id()
    await ada.login("phone of hers")
    await client.post("/api/v1/auth/password-reset", json={"email": ada.email})
    for _ in range(2):
        await erase(shop, Person(user_id=user_id, emails=(ada.email,)))
    everything = await kept(shop)
    assert ada.email not in everything
    assert "phone of hers" not in everything
    assert (await ada.get("/api/v1/auth/userinfo")).status_code == 401
    assert (await ada.login()).status_code == 400
    assert (await admin.get(f"/api/v1/users/{user_id}")).status_code == 404
    assert await books.count("token") == 0
    assert [name for name, _ in await books.told(user_id)] == [
        "user.registered.v1",
        *["session.revoked.v1"] * 2,
    ]
    assert (await books.audited(user_id)).count("erase") == 1
    await ada.register()
    await ada.login()
    assert await ada.id() != user_id


async def test_only_a_proved_address_is_told_to_other_contexts(shop: Any, ada: Any, inbox: Any, client: Any) -> None:
    peer = shop.db.peers[AccountsPeer]
    async with shop.db.reading(internal_call("orders")) as tx:
        assert await peer.addresses(tx, await ada.id()) == await peer.known_by(tx, ada.email) == ()
        await client.post("/api/v1/auth/verify-email", json={"token": await inbox.code(ada.email)})
        assert await peer.addresses(tx, await ada.id()) == (ada.email,)
        assert await peer.known_by(tx, f" {ada.email.upper()}") == (await ada.id(),)
        assert await peer.addresses(tx, "guest-1") == await peer.addresses(tx, str(UUID(int=1))) == ()
