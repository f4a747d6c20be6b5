"""Changing one's password: the current one must be shown, guesses count, other sessions end."""

from typing import Any

import httpx2

NEW = "an entirely new password"


async def change(who: Any, current: str, new: str = NEW) -> httpx2.Response:
    answer: httpx2.Response = await who.send(
        "POST", "/api/v1/auth/change-password", {"currentPassword": current, "newPassword": new}
    )
    return answer


async def test_a_stolen_session_cannot_guess_its_way_to_the_password(ada: Any) -> None:
    for _ in range(10):
        answer = await change(ada, "a wrong password")
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/wrong-password")
    assert (await change(ada, "a wrong password")).status_code == 429
    assert (await change(ada, ada.password)).status_code == 429
    assert (await ada.get("/api/v1/auth/userinfo")).status_code == 200, "the session itself goes on"


async def test_a_bad_new_password_is_refused_before_anything_is_looked_at(ada: Any) -> None:
    answer = await change(ada, ada.password, "password123")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/newPassword")
    assert (await ada.login()).status_code == 200


async def test_a_guest_has_no_password_to_change(client: httpx2.AsyncClient) -> None:
    token = (await client.post("/api/v1/auth/guest")).json()["access_token"]
    answer = await client.post(
        "/api/v1/auth/change-password",
        json={"currentPassword": "x", "newPassword": NEW},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 403


async def test_other_sessions_end_this_one_stays_and_only_the_new_password_is_good(
    ada: Any, books: Any, inbox: Any
) -> None:
    twin = await ada.elsewhere()
    assert (await change(ada, ada.password)).status_code == 204
    assert (await twin.get("/api/v1/auth/userinfo")).status_code == 401
    assert (await ada.get("/api/v1/auth/userinfo")).status_code == 200
    assert (await twin.login()).status_code == 400
    user_id, ada.password = await ada.id(), NEW
    assert (await ada.login()).status_code == 200
    assert "change_password" in await books.audited(user_id)
    assert [subject for subject, _ in await inbox.of(ada.email)][-1] == "Your password was changed"
