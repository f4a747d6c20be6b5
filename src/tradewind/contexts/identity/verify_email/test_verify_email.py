"""Proving an address: a code is good once and for a while, and who reads the mail keeps the account."""

import asyncio
from typing import Any

import httpx2
import pytest

from tradewind.contracts.privacy import Pseudonyms


async def verify(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    return await client.post("/api/v1/auth/verify-email", json={"token": token})


def refused(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/mail-token-invalid"), answer.text


@pytest.mark.parametrize("token", ["", "made-up", "x" * 200])
async def test_a_code_that_nobody_was_sent_proves_nothing(client: httpx2.AsyncClient, books: Any, token: str) -> None:
    refused(await verify(client, token))
    assert await books.count("told") == 0


async def test_a_code_that_is_too_old_proves_nothing(
    client: httpx2.AsyncClient, shop: Any, ada: Any, inbox: Any, books: Any
) -> None:
    await shop.db.pool.execute("UPDATE identity.mail_token SET expires_at = now()")
    refused(await verify(client, await inbox.code(ada.email)))
    assert not (await ada.get("/api/v1/auth/userinfo")).json()["email_verified"]
    assert [name for name, _ in await books.told(await ada.id())] == ["user.registered.v1"]


async def test_of_many_who_show_a_code_at_once_one_proves_the_address_and_it_is_told_once(
    client: httpx2.AsyncClient, shop: Any, ada: Any, inbox: Any, books: Any
) -> None:
    code = await inbox.code(ada.email)
    answers = await asyncio.gather(*(verify(client, code) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [204] + [422] * 5
    refused(await verify(client, code))
    assert (await ada.get("/api/v1/auth/userinfo")).json()["email_verified"]
    user_id = await ada.id()
    assert (await books.told(user_id))[1:] == [
        ("user.email_proved.v1", {"userId": user_id, "emailDigest": shop.db.peers[Pseudonyms].of(ada.email)})
    ]
    assert await books.audited(user_id) == ["register_user", "open_session", "prove_email"]


async def test_a_code_for_a_new_password_does_not_prove_an_address_and_the_other_way_round(
    client: httpx2.AsyncClient, ada: Any, inbox: Any
) -> None:
    proof = await inbox.code(ada.email)
    await client.post("/api/v1/auth/password-reset", json={"email": ada.email})
    refused(await verify(client, await inbox.code(ada.email)))
    body = {"token": proof, "password": "another long password"}
    refused(await client.post("/api/v1/auth/password-reset/confirm", json=body))


async def test_who_registered_somebody_elses_address_is_out_when_its_owner_confirms_their_own_registration(
    client: httpx2.AsyncClient, visitor: Any, inbox: Any
) -> None:
    squatter = visitor(password="the squatter's password")
    await squatter.register()
    await squatter.login()
    owner = visitor(squatter.email, "the owner's password")
    await owner.register()
    assert (await verify(client, await inbox.code(owner.email))).status_code == 204
    assert (await squatter.get("/api/v1/auth/userinfo")).status_code == 401, "at once"
    assert (await squatter.login()).status_code == 400
    assert (await owner.login()).status_code == 200
