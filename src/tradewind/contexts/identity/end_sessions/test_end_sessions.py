"""One's own sessions are seen and ended; those of others are not there."""

from typing import Any

import httpx2
import pytest

from tradewind.kernel.ids import new_id


async def listed(who: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await who.get("/api/v1/auth/sessions")).json()["items"]
    return items


async def end(who: Any, session_id: str) -> httpx2.Response:
    answer: httpx2.Response = await who.send("DELETE", f"/api/v1/auth/sessions/{session_id}")
    return answer


async def test_somebody_elses_session_looks_like_none_and_goes_on(ada: Any, visitor: Any, books: Any) -> None:
    eve = visitor()
    await eve.register()
    await eve.login()
    [session] = await listed(ada)
    told = await books.count("told")
    answers = [await end(eve, session_id) for session_id in (session["id"], str(new_id()))]
    for answer in answers:
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-session")
    assert await books.count("told") == told
    assert session["id"] not in (await eve.get("/api/v1/auth/sessions")).text
    assert (await ada.get("/api/v1/auth/userinfo")).status_code == 200


@pytest.mark.parametrize("role", ["support", "merchandiser", "warehouse"])
async def test_staff_who_are_no_administrators_end_nobodys_session(ada: Any, keys: Any, client: Any, role: str) -> None:
    [session] = await listed(ada)
    token = keys.sign(subject=str(new_id()), roles=(role,), scopes=("session:write",), tenant="default", lifetime_s=60)
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.delete(f"/api/v1/auth/sessions/{session['id']}", headers=headers)).status_code == 404


async def test_a_guest_has_no_sessions_to_end(client: httpx2.AsyncClient) -> None:
    token = (await client.post("/api/v1/auth/guest")).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/v1/auth/sessions", headers=headers)).status_code == 403


async def test_a_session_is_listed_with_its_device_until_it_is_ended_from_another(ada: Any, books: Any) -> None:
    phone = await ada.elsewhere()
    await phone.login("Phone/1.0 (\t" + "x" * 300)
    sessions = await listed(ada)
    assert len(sessions) == 3
    assert [one["device"] for one in sessions][1:] == ["a browser", "a browser"]
    assert sessions[0]["device"].startswith("Phone/1.0 (")
    assert len(sessions[0]["device"]) <= 120
    assert [one["current"] for one in sessions] == [False, False, True]
    assert sessions[0]["openedAt"] <= sessions[0]["lastUsedAt"] < sessions[0]["expiresAt"]
    assert (await end(ada, sessions[0]["id"])).status_code == 204
    assert (await phone.get("/api/v1/auth/userinfo")).json()["type"] == "/problems/token-revoked"
    assert (await end(ada, sessions[0]["id"])).status_code == 404, "it has ended"
    assert len(await listed(ada)) == 2
    assert (await books.audited(await ada.id()))[-1] == "end_session"


async def test_all_sessions_end_but_the_one_that_asks(ada: Any) -> None:
    others = [await ada.elsewhere() for _ in range(3)]
    assert (await ada.send("DELETE", "/api/v1/auth/sessions")).status_code == 204
    assert {(await one.get("/api/v1/auth/userinfo")).status_code for one in others} == {401}
    assert [one["current"] for one in await listed(ada)] == [True]


async def test_sessions_are_listed_page_by_page(ada: Any) -> None:
    for _ in range(4):
        await ada.elsewhere()
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await ada.get(f"/api/v1/auth/sessions?limit=2{cursor and '&cursor=' + cursor}")).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 5
    assert (await ada.get("/api/v1/auth/sessions?cursor=x")).status_code == 422


async def test_an_administrator_ends_anybodys_session(ada: Any, admin: Any) -> None:
    [session] = await listed(ada)
    assert (await end(admin, session["id"])).status_code == 204
    assert (await ada.get("/api/v1/auth/userinfo")).status_code == 401
