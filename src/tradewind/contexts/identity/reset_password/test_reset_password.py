"""A new password by mail: for the owner of the address, once, soon, and every session ends."""

import asyncio
from typing import Any

import httpx2
import pytest

NEW = "an entirely new password"


async def ask(client: httpx2.AsyncClient, email: str) -> httpx2.Response:
    return await client.post("/api/v1/auth/password-reset", json={"email": email})


async def confirm(client: httpx2.AsyncClient, token: str, password: str = NEW) -> httpx2.Response:
    return await client.post("/api/v1/auth/password-reset/confirm", json={"token": token, "password": password})


def refused(answer: httpx2.Response, problem: str) -> None:
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{problem}"), answer.text


async def test_nobody_learns_whether_an_address_is_known(client: httpx2.AsyncClient, ada: Any, books: Any) -> None:
    before = await books.count("mail")
    known, unknown = await ask(client, ada.email), await ask(client, "nobody@shop.test")
    assert (
        (known.status_code, known.text) == (unknown.status_code, unknown.text) == (202, '{"status":"CHECK_YOUR_MAIL"}')
    )
    assert await books.count("mail") == before + 1


@pytest.mark.parametrize("token", ["", "made-up"])
async def test_a_made_up_code_changes_nothing(client: httpx2.AsyncClient, ada: Any, token: str) -> None:
    refused(await confirm(client, token), "mail-token-invalid")
    assert (await ada.login()).status_code == 200


async def test_a_code_that_is_too_old_changes_nothing(
    client: httpx2.AsyncClient, ada: Any, inbox: Any, shop: Any
) -> None:
    await ask(client, ada.email)
    await shop.db.pool.execute("UPDATE identity.mail_token SET expires_at = now()")
    refused(await confirm(client, await inbox.code(ada.email)), "mail-token-invalid")
    assert (await ada.login()).status_code == 200


async def test_a_bad_password_is_refused_and_the_code_stays_good(
    client: httpx2.AsyncClient, ada: Any, inbox: Any
) -> None:
    await ask(client, ada.email)
    code = await inbox.code(ada.email)
    refused(await confirm(client, code, ada.email), "unfit-password")
    assert (await confirm(client, code)).status_code == 204


async def test_of_many_who_show_a_code_at_once_one_chooses_and_the_code_is_good_no_more(
    client: httpx2.AsyncClient, ada: Any, visitor: Any, inbox: Any
) -> None:
    await ask(client, ada.email)
    code = await inbox.code(ada.email)
    words = [f"password number {n}" for n in range(5)]
    answers = await asyncio.gather(*(confirm(client, code, word) for word in words))
    assert sorted(answer.status_code for answer in answers) == [204] + [422] * 4
    refused(await confirm(client, code), "mail-token-invalid")
    logins = [(await visitor(ada.email, word).login()).status_code for word in words]
    assert logins == [200 if answer.status_code == 204 else 400 for answer in answers]


async def test_every_session_ends_at_once_every_other_code_too_and_the_address_is_proved(
    client: httpx2.AsyncClient, ada: Any, inbox: Any, books: Any, visitor: Any
) -> None:
    twin, user_id, proof = await ada.elsewhere(), await ada.id(), await inbox.code(ada.email)
    await ask(client, ada.email)
    first = await inbox.code(ada.email)
    await ask(client, ada.email)
    assert (await confirm(client, await inbox.code(ada.email))).status_code == 204
    for one in (ada, twin):
        refusal = await one.get("/api/v1/auth/userinfo")
        assert (refusal.status_code, refusal.json()["type"]) == (401, "/problems/token-revoked")
        form = {"grant_type": "refresh_token", "refresh_token": one.tokens["refresh_token"]}
        assert (await client.post("/api/v1/auth/token", data=form)).json()["error"] == "invalid_grant"
    refused(await confirm(client, first), "mail-token-invalid")
    refused(await client.post("/api/v1/auth/verify-email", json={"token": proof}), "mail-token-invalid")
    assert (await ada.login()).status_code == 400, "the old password is gone"
    ada.password = NEW
    await ada.login()
    assert (await ada.get("/api/v1/auth/userinfo")).json()["email_verified"]
    told = [name for name, _ in await books.told(user_id)]
    assert told == ["user.registered.v1", "session.revoked.v1", "session.revoked.v1", "user.email_proved.v1"]
    assert [subject for subject, _ in await inbox.of(ada.email)][-1] == "Your password was changed"


async def test_who_locked_themselves_out_is_let_in_by_the_mail(
    client: httpx2.AsyncClient, ada: Any, visitor: Any, inbox: Any
) -> None:
    for _ in range(12):
        await visitor(ada.email, "a wrong password").login()
    assert (await ada.login()).status_code == 429
    await ask(client, ada.email)
    await confirm(client, await inbox.code(ada.email))
    assert (await visitor(ada.email, NEW).login()).status_code == 200
