"""Logging out (RFC 7009): at once, for every token of the session and for no other."""

from typing import Any

import httpx2
import pytest


async def revoke(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    return await client.post("/api/v1/auth/revoke", data={"token": token})


@pytest.mark.parametrize("token", ["", "made-up", "a.b.c", "\u00fcnknown"])
async def test_a_token_that_nobody_knows_is_as_good_as_revoked(
    client: httpx2.AsyncClient, books: Any, token: str
) -> None:
    assert (await revoke(client, token)).status_code == 200
    assert await books.count("told") == 0


async def test_a_form_without_a_token_is_refused_as_oauth_says(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/v1/auth/revoke", data={"token_type_hint": "access_token"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_either_token_ends_its_session_at_once_and_no_other(
    client: httpx2.AsyncClient, ada: Any, books: Any, kind: str
) -> None:
    twin, user_id = await ada.elsewhere(), await ada.id()
    assert (await revoke(client, ada.tokens[kind])).status_code == 200
    refusal = await ada.get("/api/v1/auth/userinfo")
    assert (refusal.status_code, refusal.json()["type"]) == (401, "/problems/token-revoked")
    form = {"grant_type": "refresh_token", "refresh_token": ada.tokens["refresh_token"]}
    assert (await client.post("/api/v1/auth/token", data=form)).json()["error"] == "invalid_grant"
    assert (await twin.get("/api/v1/auth/userinfo")).status_code == 200
    assert (await revoke(client, ada.tokens[kind])).status_code == 200
    told = [name for name, _ in await books.told(user_id)]
    assert told == ["user.registered.v1", "session.revoked.v1"], "told once"
