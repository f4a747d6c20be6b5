"""A token of an outside issuer and one of ours work alike: at every route, and when the session ends, everywhere."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from joserfc.jwk import RSAKey

from tests.adapters.identity_provider.outsiders import ends_on_both, heard, ours, processes
from tests.engines import address
from tests.issuers import Issuer, an_issuer, signed
from tests.security.problems import problem
from tests.security.test_sessions import logged_in
from tests.shops import Shop, until, working
from tradewind.kernel.ids import new_id

pytestmark = [pytest.mark.adapter("issuer", played=True), pytest.mark.xdist_group("security")]

ACCOUNTS = "SELECT id::text, login, roles, issuer, outside_email FROM identity.account WHERE issuer IS NOT NULL"
PROFILES = "SELECT user_id, contacts::text AS contacts FROM customers.profile"
TOLD = "SELECT count(*) FROM runtime.outbox WHERE key = $1 AND type LIKE '%user.registered%'"


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with an_issuer() as one:
        yield one


@pytest.mark.parametrize("role", ["customer", "support", "warehouse", "merchandiser", "admin"])
async def test_an_outside_token_opens_what_ours_opens_and_nothing_else(shop: Shop, issuer: Issuer, role: str) -> None:
    async with processes(shop, 1, oidc_issuer=issuer.url) as [here]:
        outside = issuer.token(role)
        mine = (await here.ask("GET", "/api/v1/auth/userinfo", outside)).json()["sub"]
        answers = await here.sample(outside)
        assert answers == await here.sample(ours(here.shop, role, mine))
        assert len({status for _, status in answers}) >= 3, "tells something apart"


async def test_who_comes_for_the_first_time_has_an_account_and_a_profile_once(shop: Shop, issuer: Issuer) -> None:
    async with processes(shop, oidc_issuer=issuer.url) as both:
        person: dict[str, Any] = {"sub": "ada", "sid": "s-1", "email": "ada@shop.test", "email_verified": True}
        tokens = [issuer.token("customer", **person) for _ in range(10)]
        answers = await asyncio.gather(*(one.look(token) for one in both for token in tokens))
        assert {answer.status_code for answer in answers} == {200}
        [account] = await shop.db.pool.fetch(ACCOUNTS)
        assert (account["roles"], account["outside_email"]) == (["customer"], "ada@shop.test")
        assert await shop.db.pool.fetchval(TOLD, account["id"]) == 1
        seen = (await both[0].ask("GET", "/api/v1/auth/userinfo", tokens[0])).json()
        assert (seen["sub"], seen["email"], seen["email_verified"]) == (account["id"], "ada@shop.test", True)
        async with working(shop):
            [profile] = await until(shop, lambda: shop.db.pool.fetch(PROFILES))
        assert profile["user_id"] == account["id"]
        assert "ada@shop.test" in profile["contacts"]


async def test_nobody_logs_in_here_as_somebody_of_the_issuer(shop: Shop, issuer: Issuer) -> None:
    async with processes(shop, 1, oidc_issuer=issuer.url) as [here]:
        await here.look(issuer.token("admin", email="ada@shop.test", email_verified=True))
        [account] = await shop.db.pool.fetch(ACCOUNTS)
        for name in ("ada@shop.test", account["login"]):
            form = {"grant_type": "password", "username": name, "password": "x"}
            assert (await here.http.post("/api/v1/auth/token", data=form)).status_code == 400
            await here.http.post("/api/v1/auth/password-reset", json={"email": name})
        assert await shop.db.pool.fetchval("SELECT count(*) FROM identity.pending_mail") == 0


async def test_roles_that_change_there_change_here_and_nowhere_else(shop: Shop, issuer: Issuer) -> None:
    async with processes(shop, 1, oidc_issuer=issuer.url) as [here]:
        boss = issuer.token("admin", sub="boss")
        assert (await here.ask("GET", "/api/v1/roles", boss)).status_code == 200
        clerk = issuer.token("support", sub="clerk")
        clerk_id = (await here.ask("GET", "/api/v1/auth/userinfo", clerk)).json()["sub"]
        path = f"/api/v1/users/{clerk_id}"
        problem(await here.ask("PUT", f"{path}/roles", boss, json={"roles": ["admin"]}), 409, "roles-are-outside")
        assert (await here.ask("GET", "/api/v1/roles", clerk)).status_code == 403
        await here.look(issuer.token("customer", sub="clerk"))
        assert (await here.ask("GET", path, boss)).json()["roles"] == ["customer"]


async def test_who_is_disabled_here_is_out_with_every_token_of_the_issuer(shop: Shop, issuer: Issuer) -> None:
    async with processes(shop, oidc_issuer=issuer.url) as [here, there]:
        boss, ada = issuer.token("admin"), issuer.token("customer", sub="ada")
        ada_id = (await here.ask("GET", "/api/v1/auth/userinfo", ada)).json()["sub"]
        assert (await here.ask("POST", f"/api/v1/users/{ada_id}/disable", boss)).status_code == 200
        await heard(there)
        for one in (here, there):
            for token in (ada, issuer.token("customer", sub="ada")):
                problem(await one.look(token), 401, "token-revoked")
        assert (await here.ask("POST", f"/api/v1/users/{ada_id}/enable", boss)).status_code == 200
        problem(await there.look(ada), 401, "token-revoked")
        assert (await there.look(issuer.token("customer", sub="ada"))).status_code == 200


@pytest.mark.parametrize("came_before", [True, False])
async def test_a_session_that_the_issuer_ended_is_refused_by_every_process(
    shop: Shop, issuer: Issuer, came_before: bool
) -> None:
    async with processes(shop, oidc_issuer=issuer.url) as [here, there]:
        tokens = [issuer.token(sub="ada", sid="s-1") for _ in range(2)]
        twin = issuer.token(sub="ada", sid="s-2")
        if came_before:
            assert [(await one.look(token)).status_code for one in (here, there) for token in tokens] == [200] * 4
        for _ in range(2):
            assert (await here.back_channel(issuer.logout_token("ada", "s-1"))).status_code == 200
        await heard(there)
        for one in (here, there):
            for token in tokens:
                problem(await one.look(token), 401, "token-revoked")
            assert (await one.look(twin)).status_code == 200


async def test_a_session_that_was_ended_here_stays_ended_whatever_the_issuer_goes_on_making(
    shop: Shop, issuer: Issuer
) -> None:
    async with processes(shop, oidc_issuer=issuer.url) as [here, there]:
        token = issuer.token(sub="ada", sid="s-1")
        assert (await there.look(token)).status_code == 200
        await here.revoke(token)
        await heard(there)
        for one in (here, there):
            problem(await one.look(token), 401, "token-revoked")
            one.shop.keys.revoked._ended.clear()  # as after ACCESS_LIFETIME_S
        async with processes(shop, 1, oidc_issuer=issuer.url) as [late]:
            for one in (here, late):
                problem(await one.look(issuer.token(sub="ada", sid="s-1")), 401, "token-revoked")


async def test_what_is_no_logout_token_is_refused_as_oauth_says_and_ends_nothing(shop: Shop, issuer: Issuer) -> None:
    async with processes(shop, 1, oidc_issuer=issuer.url) as [here]:
        token = issuer.token(sub="ada", sid="s-1")
        assert (await here.look(token)).status_code == 200
        forged = signed(RSAKey.generate_key(2048), issuer.header(kid="k"), issuer.claims(sub="ada", sid="s-1"))
        for odd in (
            "",
            "x",
            token,
            forged,
            issuer.logout_token("ada", None),
            issuer.logout_token("ada", "s-1", aud="x"),
        ):
            answer = await here.back_channel(odd)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert (await here.look(token)).status_code == 200
    async with processes(shop, 1) as [trusts_nobody]:
        assert (await trusts_nobody.back_channel(issuer.logout_token("ada", "s-1"))).status_code == 400
        problem(await trusts_nobody.look(token), 401, "token-invalid")


async def test_while_the_issuer_is_away_ours_go_on_known_keys_too_and_readiness_says_so(
    shop: Shop, issuer: Issuer
) -> None:
    async with processes(shop, oidc_issuer=issuer.url) as [here, late]:
        outside, own = issuer.token(), (await logged_in(here.http))["access_token"]
        assert (await here.look(outside)).status_code == 200
        issuer.away = True
        for token in (outside, issuer.token(), own):
            assert (await here.look(token)).status_code == 200
        assert (await late.look(own)).status_code == 200
        answer = await late.look(outside)
        problem(answer, 503, "issuer-away")
        assert answer.headers["retry-after"]
        assert (await late.back_channel(issuer.logout_token("ada", "s"))).status_code == 503
        ready = await late.http.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "UP")
        assert ready.json()["checks"]["identity_provider"] == "AWAY"


@pytest.mark.engine("redis")
async def test_by_redis_the_end_of_a_session_holds_on_every_process_for_ours_and_for_theirs(
    shop: Shop, issuer: Issuer
) -> None:
    async with processes(shop, oidc_issuer=issuer.url, redis_url=address("REDIS_URL")) as [here, there]:
        own, outside = (await logged_in(here.http))["access_token"], [issuer.token(sub="ada") for _ in range(2)]
        sid, sub = str(new_id()), "ada"
        told = issuer.token(sub=sub, sid=sid)
        await ends_on_both(here, there, own, lambda: here.revoke(own))
        await ends_on_both(here, there, outside[0], lambda: here.revoke(outside[0]))
        await ends_on_both(here, there, told, lambda: here.back_channel(issuer.logout_token(sub, sid)))
        assert [(await one.look(outside[1])).status_code for one in (here, there)] == [200, 200]
