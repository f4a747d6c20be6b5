"""Registering: what is refused, what nobody may learn or take along, and that one address has one account."""

import asyncio
from typing import Any

import httpx2
import pytest

from tradewind.contexts.identity.register_user.command import MAX_MAILS

EMAIL = "ada@shop.test"
PASSWORD = "a long walk along the coast"


async def register(client: httpx2.AsyncClient, **body: Any) -> httpx2.Response:
    return await client.post("/api/v1/auth/register", json={"email": EMAIL, "password": PASSWORD, **body})


@pytest.mark.parametrize(
    ("body", "problem", "pointer"),
    [
        ({"email": "ada"}, "unfit-address", "/email"),
        ({"email": "ada@"}, "unfit-address", "/email"),
        ({"email": "ada@shop.test\r\nBcc: all@shop.test"}, "unfit-address", "/email"),
        ({"email": "ada lovelace@shop.test"}, "unfit-address", "/email"),
        ({"email": "x" * 255}, "invalid-body", "/email"),
        ({"password": "short"}, "unfit-password", "/password"),
        ({"password": "aaaaaaaaaaaa"}, "unfit-password", "/password"),
        ({"password": "Password1234"}, "unfit-password", "/password"),
        ({"password": EMAIL}, "unfit-password", "/password"),
        ({"password": "x" * 1025}, "invalid-body", "/password"),
        ({"roles": ["admin"]}, "invalid-body", "/roles"),
        ({"role": "admin"}, "invalid-body", "/role"),
        ({"tenant": "other"}, "invalid-body", "/tenant"),
        ({"emailVerified": True}, "invalid-body", "/emailVerified"),
        ({"id": "0"}, "invalid-body", "/id"),
    ],
)
async def test_what_cannot_be_registered_is_refused_and_nothing_is_written(
    books: Any, client: httpx2.AsyncClient, body: dict[str, Any], problem: str, pointer: str
) -> None:
    answer = await register(client, **body)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{problem}"), answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert [await books.count(table) for table in ("account", "mail", "token", "told")] == [1, 0, 0, 0]


async def test_of_many_who_register_an_address_at_once_one_makes_the_account(
    books: Any, visitor: Any, client: httpx2.AsyncClient
) -> None:
    answers = await asyncio.gather(*(register(client, email=email) for email in (EMAIL, " ADA@Shop.Test ") * 3))
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (202, '{"email":"ada@shop.test","status":"CHECK_YOUR_MAIL"}')
    }
    assert await books.count("account") == 2, "the administrator's, and one"
    ada = visitor(EMAIL)
    await ada.login()
    told = await books.told(await ada.id())
    assert [name for name, _ in told] == ["user.registered.v1"]


async def test_whoever_registers_a_known_address_learns_and_changes_nothing_and_its_owner_hears_of_it(
    books: Any, inbox: Any, ada: Any, visitor: Any, client: httpx2.AsyncClient
) -> None:
    await client.post("/api/v1/auth/verify-email", json={"token": await inbox.code(ada.email)})
    stranger = visitor(ada.email, "quite another password")
    fresh = await visitor().register()
    known = await stranger.register()
    assert (known.status_code, known.json()["status"]) == (fresh.status_code, fresh.json()["status"])
    assert (await stranger.login()).status_code == 400
    assert (await ada.login()).status_code == 200
    assert [subject for subject, _ in await inbox.of(ada.email)] == [
        "Confirm your e-mail address",
        "You have an account already",
    ]
    assert await books.count("token") == 1, "the other visitor's: there is nothing to confirm here"


async def test_nobody_can_have_an_address_flooded_with_mails(
    inbox: Any, client: httpx2.AsyncClient, books: Any
) -> None:
    answers = [await register(client) for _ in range(MAX_MAILS + 3)]
    assert {answer.status_code for answer in answers} == {202}
    await client.post("/api/v1/auth/password-reset", json={"email": EMAIL})
    assert len(await inbox.of(EMAIL)) == MAX_MAILS
    assert await books.count("mail") == MAX_MAILS


async def test_a_registered_customer_can_log_in_and_is_told_of_without_their_address(
    books: Any, inbox: Any, visitor: Any, shop: Any
) -> None:
    ada = visitor("Ada.Lovelace@Shop.test")
    assert (await ada.register()).json()["email"] == "ada.lovelace@shop.test"
    answer = (await ada.login()).json()
    assert "customer:write" in answer["scope"].split()
    about = (await ada.get("/api/v1/auth/userinfo")).json()
    assert about == {
        "sub": about["sub"],
        "email": "ada.lovelace@shop.test",
        "email_verified": False,
        "roles": ["customer"],
        "tenant": "default",
    }
    assert await books.told(about["sub"]) == [("user.registered.v1", {"userId": about["sub"]})]
    assert await books.audited(about["sub"]) == ["register_user", "open_session"]
    written = await shop.db.pool.fetch("SELECT (o.*)::text AS t FROM runtime.outbox o")
    written += await shop.db.pool.fetch("SELECT (a.*)::text AS t FROM runtime.audit_entry a")
    assert not [row for row in written if "lovelace" in row["t"].lower()]


async def test_what_a_guest_had_goes_to_the_account_that_they_make_but_never_to_somebody_elses(
    books: Any, ada: Any, visitor: Any, client: httpx2.AsyncClient, keys: Any
) -> None:
    token = (await client.post("/api/v1/auth/guest")).json()["access_token"]
    guest_id = keys.guest_of(token)
    assert (await visitor(ada.email).register(guestToken=token)).status_code == 202
    assert [name for name, _ in await books.told(await ada.id())] == ["user.registered.v1"]
    bob = visitor()
    await bob.register(guestToken=token)
    await bob.login()
    assert (await books.told(await bob.id()))[1] == (
        "user.guest_merged.v1",
        {"userId": await bob.id(), "guestId": guest_id},
    )
    eve = visitor()
    assert (await eve.register(guestToken="forged")).status_code == 202
    await eve.login(guestToken=ada.tokens["access_token"])
    assert [name for name, _ in await books.told(await eve.id())] == ["user.registered.v1"], "ada is no guest"
