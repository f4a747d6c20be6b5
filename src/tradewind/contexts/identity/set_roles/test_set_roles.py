"""Administrators say who is what: never about themselves, never each other out at once, and at once for tokens."""

import asyncio
from typing import Any

import httpx2
import pytest

from tradewind.kernel.ids import new_id


async def put(who: Any, user_id: str, *roles: str) -> httpx2.Response:
    answer: httpx2.Response = await who.send("PUT", f"/api/v1/users/{user_id}/roles", {"roles": list(roles)})
    return answer


async def staff(admin: Any, visitor: Any, inbox: Any, client: httpx2.AsyncClient, *roles: str) -> Any:
    """Somebody whom `admin` made an account, logged in."""
    one = visitor()
    invited = await admin.send("POST", "/api/v1/users", {"email": one.email, "roles": list(roles)})
    assert invited.status_code == 201, invited.text
    body = {"token": await inbox.code(one.email), "password": one.password}
    assert (await client.post("/api/v1/auth/password-reset/confirm", json=body)).status_code == 204
    assert (await one.login()).status_code == 200
    return one


@pytest.mark.parametrize("roles", [["root"], ["guest"], ["system"], ["customer", "anonymous"]])
async def test_only_roles_for_users_can_be_given(ada: Any, admin: Any, roles: list[str]) -> None:
    user_id = await ada.id()
    answer = await put(admin, user_id, *roles)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-role")
    assert (await admin.get(f"/api/v1/users/{user_id}")).json()["roles"] == ["customer"]
    assert (await ada.get("/api/v1/auth/userinfo")).status_code == 200


async def test_nobody_decides_about_themselves(admin: Any, books: Any) -> None:
    user_id = await admin.id()
    for answer in (
        await put(admin, user_id, "admin", "support"),
        await put(admin, user_id, "customer"),
        await admin.send("POST", f"/api/v1/users/{user_id}/disable"),
        await admin.send("POST", f"/api/v1/users/{user_id}/enable"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/own-account")
    assert await books.told(user_id) == []


async def test_nobody_but_an_administrator_decides_about_anybody(
    ada: Any, admin: Any, visitor: Any, inbox: Any, client: httpx2.AsyncClient
) -> None:
    clerk = await staff(admin, visitor, inbox, client, "support", "merchandiser", "warehouse")
    for who in (ada, clerk):
        for user_id in (await ada.id(), await admin.id(), await clerk.id()):
            assert (await put(who, user_id, "admin")).status_code == 403
            assert (await who.get(f"/api/v1/users/{user_id}")).status_code == 403
            assert (await who.send("POST", f"/api/v1/users/{user_id}/disable")).status_code == 403
        assert (await who.send("POST", "/api/v1/users", {"email": "x@y.zz", "roles": ["admin"]})).status_code == 403
        assert (await who.get("/api/v1/users")).status_code == 403
        assert (await who.get("/api/v1/roles")).status_code == 403


async def test_who_is_not_there_gets_no_roles(admin: Any) -> None:
    answer = await put(admin, str(new_id()), "support")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-user")


async def test_two_administrators_cannot_throw_each_other_out_at_once(
    admin: Any, visitor: Any, inbox: Any, client: httpx2.AsyncClient
) -> None:
    other = await staff(admin, visitor, inbox, client, "admin")
    ids = await admin.id(), await other.id()
    answers = await asyncio.gather(put(admin, ids[1], "customer"), put(other, ids[0], "customer"))
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 403])
    left = admin if answers[0].status_code == 200 else other
    assert (await left.get("/api/v1/users?role=admin")).json()["items"][0]["email"] == left.email


async def test_roles_change_at_once_for_every_token_that_says_the_old_ones(
    admin: Any, visitor: Any, inbox: Any, client: httpx2.AsyncClient, books: Any
) -> None:
    clerk = await staff(admin, visitor, inbox, client, "admin")
    user_id = await clerk.id()
    assert (await clerk.get("/api/v1/users")).status_code == 200
    answer = await put(admin, user_id, "support", "customer", "support")
    assert answer.json()["roles"] == ["customer", "support"]
    assert (await clerk.get("/api/v1/users")).status_code == 401
    await clerk.login()
    assert (await clerk.get("/api/v1/users")).status_code == 403
    assert (await put(admin, user_id, "support", "customer")).status_code == 200
    assert (await clerk.get("/api/v1/auth/userinfo")).status_code == 200, "nothing changed, so nothing ended"
    assert (await books.audited(user_id)).count("set_roles") == 1


async def test_staff_choose_their_own_password_and_so_prove_their_address(
    admin: Any, visitor: Any, inbox: Any, client: httpx2.AsyncClient, books: Any
) -> None:
    one = visitor()
    await admin.send("POST", "/api/v1/users", {"email": one.email, "roles": ["support"]})
    assert (await one.login()).status_code == 400, "no password has been chosen"
    again = await admin.send("POST", "/api/v1/users", {"email": one.email, "roles": ["admin"]})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/address-taken")
    body = {"token": await inbox.code(one.email), "password": one.password}
    await client.post("/api/v1/auth/password-reset/confirm", json=body)
    await one.login()
    about = (await one.get("/api/v1/auth/userinfo")).json()
    assert (about["roles"], about["email_verified"]) == (["support"], True)
    told = [name for name, _ in await books.told(about["sub"])]
    assert told == ["user.registered.v1", "user.email_proved.v1"]


async def test_who_is_disabled_is_out_at_once_and_stays_out_until_enabled(
    ada: Any, admin: Any, inbox: Any, client: httpx2.AsyncClient, books: Any
) -> None:
    user_id, path = await ada.id(), f"/api/v1/users/{await ada.id()}"
    assert (await admin.send("POST", f"{path}/disable")).json()["status"] == "DISABLED"
    assert (await ada.get("/api/v1/auth/userinfo")).status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": ada.tokens["refresh_token"]}
    assert (await client.post("/api/v1/auth/token", data=form)).status_code == 400
    assert (await ada.login()).status_code == 400
    mails = len(await inbox.of(ada.email))
    await client.post("/api/v1/auth/password-reset", json={"email": ada.email})
    await ada.register()
    assert len(await inbox.of(ada.email)) == mails, "no way round"
    assert (await admin.send("POST", f"{path}/disable")).status_code == 200
    assert (await admin.send("POST", f"{path}/enable")).json()["status"] == "ACTIVE"
    assert (await ada.login()).status_code == 200
    audited = await books.audited(user_id)
    assert [action for action in audited if action.endswith("able_user")] == ["disable_user", "enable_user"]


async def test_users_are_listed_page_by_page_by_role_and_by_address(admin: Any, visitor: Any) -> None:
    people = [visitor() for _ in range(4)]
    for one in people:
        await one.register()
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await admin.get(f"/api/v1/users?limit=2{cursor and '&cursor=' + cursor}")).json()
        seen += [one["email"] for one in page["items"]]
        cursor = page["next"]
    assert seen == [*(one.email for one in reversed(people)), "admin@localhost"]
    [admins] = (await admin.get("/api/v1/users?role=admin")).json()["items"]
    assert (admins["email"], admins["roles"], admins["status"]) == ("admin@localhost", ["admin"], "ACTIVE")
    [found] = (await admin.get(f"/api/v1/users?email={people[0].email.upper()}")).json()["items"]
    assert found == (await admin.get(f"/api/v1/users/{found['id']}")).json()
    assert set(found) == {"id", "email", "roles", "status", "emailVerified", "createdAt"}
    assert (await admin.get("/api/v1/users?cursor=x")).status_code == 422
