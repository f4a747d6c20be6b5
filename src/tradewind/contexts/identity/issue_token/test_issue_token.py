"""Logging in: what is refused and counted, what is granted, and that a stolen refresh token ends the session."""

import asyncio
import base64
import json
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tradewind.contexts.identity._domain.grants import InvalidGrant
from tradewind.contexts.identity._domain.keys import SigningKeys
from tradewind.contexts.identity.issue_token.command import MAX_TRIES, OpenSession
from tradewind.contracts.identity import SCOPES
from tradewind.runtime.call import internal_call

ADMIN = "admin@localhost"
PASSWORD = "correct horse battery staple"


async def ask(client: httpx2.AsyncClient, **form: str) -> httpx2.Response:
    return await client.post("/api/v1/auth/token", data=form)


async def login(client: httpx2.AsyncClient, password: str = PASSWORD, username: str = ADMIN) -> httpx2.Response:
    return await ask(client, grant_type="password", username=username, password=password)


async def refresh(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    return await ask(client, grant_type="refresh_token", refresh_token=token)


async def rows(shop: Any, table: str) -> Any:
    counted = {
        "session": "SELECT count(*) FROM identity.session WHERE revoked_at IS NULL",
        "attempts": "SELECT coalesce(sum(attempts), 0) FROM identity.login_attempt",
    }
    async with shop.db.pool.acquire() as connection:
        return await connection.fetchval(counted[table])


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"username": ADMIN}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "invalid_request"),
        ({"grant_type": "password", "username": ADMIN}, "invalid_request"),
        ({"grant_type": "password", "username": ADMIN, "password": "wrong"}, "invalid_grant"),
        ({"grant_type": "password", "username": "nobody", "password": PASSWORD}, "invalid_grant"),
        ({"grant_type": "password", "username": ADMIN, "password": "x" * 1025}, "invalid_request"),
        ({"grant_type": "password", "username": ADMIN, "password": "a\0"}, "invalid_request"),
        ({"grant_type": "password", "username": ADMIN, "password": PASSWORD, "scope": "moon"}, "invalid_scope"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "made-up"}, "invalid_grant"),
    ],
)
async def test_a_bad_grant_is_refused_as_oauth_says(
    shop: Any, client: httpx2.AsyncClient, form: dict[str, str], error: str
) -> None:
    response = await ask(client, **form)
    assert response.status_code == 400, response.text
    assert response.json()["error"] == error
    assert response.json()["error_description"]
    assert response.headers["cache-control"] == "no-store"
    assert await rows(shop, "session") == 0


async def test_no_more_tries_than_ten_are_looked_at_however_they_come(shop: Any, client: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(login(client, password=f"guess {n}") for n in range(25)))
    assert sorted(answer.status_code for answer in answers) == [400] * MAX_TRIES + [429] * (25 - MAX_TRIES)
    assert await rows(shop, "attempts") == 25
    refused = await login(client)
    assert refused.status_code == 429, "the right password comes too late"
    assert 1 <= int(refused.headers["retry-after"]) <= 900
    assert (await login(client, username="somebody@else")).status_code == 400, "others are not kept waiting"


async def test_a_login_that_does_not_exist_is_counted_like_one_that_does(client: httpx2.AsyncClient) -> None:
    for _ in range(MAX_TRIES):
        assert (await login(client, username="ghost")).json()["error"] == "invalid_grant"
    assert (await login(client, username="ghost")).status_code == 429


def test_this_file_knows_the_password(password: str) -> None:
    assert password == PASSWORD


async def test_a_good_password_brings_a_token_that_verifies(
    shop: Any, client: httpx2.AsyncClient, keys: SigningKeys
) -> None:
    await login(client, password="wrong")
    response = await login(client, username=f" {ADMIN.upper()} ")
    answer = response.json()
    assert response.status_code == 200
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 900, "*")
    actor = keys.verifier()(answer["access_token"].encode())
    assert actor.roles == {"admin"}
    assert actor.scopes == {"*"}
    assert actor.tenant == "default"
    assert await rows(shop, "attempts") == 0


async def test_a_narrower_scope_is_kept_over_refreshes(client: httpx2.AsyncClient) -> None:
    form = {"grant_type": "password", "username": ADMIN, "password": PASSWORD, "scope": "order:read"}
    first = (await ask(client, **form)).json()
    assert first["scope"] == "order:read"
    assert (await refresh(client, first["refresh_token"])).json()["scope"] == "order:read"


async def test_a_refresh_token_is_good_once(client: httpx2.AsyncClient) -> None:
    first = (await login(client)).json()
    second = (await refresh(client, first["refresh_token"])).json()
    third = (await refresh(client, second["refresh_token"])).json()
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3


async def test_a_refresh_token_that_comes_twice_ends_its_session_and_no_other(
    shop: Any, client: httpx2.AsyncClient
) -> None:
    stolen, other = [(await login(client)).json()["refresh_token"] for _ in range(2)]
    owners = (await refresh(client, stolen)).json()["refresh_token"]
    assert (await refresh(client, stolen)).json()["error"] == "invalid_grant"
    assert (await refresh(client, owners)).json()["error"] == "invalid_grant"
    assert (await refresh(client, other)).status_code == 200
    assert await rows(shop, "session") == 1


async def test_of_many_who_show_one_refresh_token_at_once_one_is_served(shop: Any, client: httpx2.AsyncClient) -> None:
    token = (await login(client)).json()["refresh_token"]
    answers = await asyncio.gather(*(refresh(client, token) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert await rows(shop, "session") == 0


async def test_neither_password_nor_token_is_kept_anywhere(shop: Any, client: httpx2.AsyncClient) -> None:
    answer = (await login(client)).json()
    async with shop.db.pool.acquire() as connection:
        tables = await connection.fetch(
            "SELECT format('SELECT coalesce(string_agg(t::text, chr(10)), %L) FROM %I.%I t', '', schemaname, tablename)"
            " FROM pg_tables WHERE schemaname IN ('identity', 'runtime')"
        )
        kept = "\n".join([await connection.fetchval(row["format"]) for row in tables])
    assert "$argon2id$" in kept
    for secret in (PASSWORD, answer["access_token"], answer["refresh_token"]):
        assert secret not in kept


async def test_a_bad_bearer_token_is_refused_even_where_none_is_needed(client: httpx2.AsyncClient) -> None:
    response = await client.post("/api/v1/auth/token", headers={"Authorization": "Bearer forged"}, data={})
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert "www-authenticate" in response.headers


async def test_reuse_of_a_refresh_token_ends_the_access_tokens_of_its_session_at_once(
    client: httpx2.AsyncClient, ada: Any, books: Any
) -> None:
    twin, user_id, stolen = await ada.elsewhere(), await ada.id(), ada.tokens["refresh_token"]
    thiefs = (await refresh(client, stolen)).json()
    thief = {"Authorization": f"Bearer {thiefs['access_token']}"}
    assert (await client.get("/api/v1/auth/userinfo", headers=thief)).status_code == 200
    assert (await refresh(client, stolen)).json()["error"] == "invalid_grant"
    for headers in (thief, {"Authorization": f"Bearer {ada.tokens['access_token']}"}):
        answer = await client.get("/api/v1/auth/userinfo", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/token-revoked")
    assert (await twin.get("/api/v1/auth/userinfo")).status_code == 200
    assert [name for name, _ in await books.told(user_id)] == ["user.registered.v1", "session.revoked.v1"]
    assert (await books.audited(user_id))[-1] == "refresh_token_reused"


async def test_a_login_that_is_locked_is_noted_once_and_an_administrator_unlocks_it(
    client: httpx2.AsyncClient, ada: Any, admin: Any, books: Any
) -> None:
    user_id = await ada.id()
    for _ in range(MAX_TRIES + 3):
        await login(client, "a wrong password", ada.email)
    assert (await ada.login()).status_code == 429
    assert (await books.audited(user_id)).count("lock_login") == 1
    assert (await ada.get("/api/v1/auth/userinfo")).status_code == 200, "who is in stays in"
    assert (await ada.send("POST", f"/api/v1/users/{user_id}/unlock")).status_code == 403
    assert (await admin.send("POST", f"/api/v1/users/{user_id}/unlock")).status_code == 204
    assert (await ada.login()).status_code == 200
    assert [action for action in await books.audited(user_id) if "lock" in action] == ["lock_login", "unlock_user"]


async def test_a_guest_token_given_at_login_merges_the_guest_and_a_bad_one_is_no_fault(
    client: httpx2.AsyncClient, ada: Any, books: Any, keys: SigningKeys
) -> None:
    token, user_id = (await client.post("/api/v1/auth/guest")).json()["access_token"], await ada.id()
    assert (await ada.login(guestToken="expired")).status_code == 200
    assert (await ada.login(guestToken=token)).status_code == 200
    assert (await books.told(user_id))[1:] == [
        ("user.guest_merged.v1", {"userId": user_id, "guestId": keys.guest_of(token)})
    ]


async def test_a_password_that_was_changed_while_it_was_looked_at_opens_no_session(shop: Any, ada: Any) -> None:
    opening = OpenSession(user_id=UUID(await ada.id()), password_hash="$argon2id$the-one-before", token_digest=b"x")
    before = await rows(shop, "session")
    with pytest.raises(InvalidGrant):
        await shop.dispatch(opening, internal_call("identity"))
    assert await rows(shop, "session") == before


async def test_an_access_token_says_subject_session_scope_roles_and_tenant(ada: Any) -> None:
    claims = json.loads(base64.urlsafe_b64decode(ada.tokens["access_token"].split(".")[1] + "=="))
    assert (claims["sub"], claims["roles"], claims["tenant"]) == (await ada.id(), ["customer"], "default")
    assert claims["scope"].split() == sorted(SCOPES["customer"])
    assert claims["sid"] == (await ada.get("/api/v1/auth/sessions")).json()["items"][0]["id"]
    assert claims["exp"] - claims["iat"] == 900
