"""A token of a real Keycloak and one of ours work alike, and end alike, on every process (row 6)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.adapters.identity_provider.keycloak import ROLES, BackChannel, Realm, a_back_channel, a_realm
from tests.adapters.identity_provider.outsiders import ends_on_both, heard, ours, processes
from tests.engines import address
from tests.security.problems import problem
from tests.security.test_sessions import logged_in
from tests.shops import Shop
from tradewind.api.auth.outside import OutsideKeys

pytestmark = [pytest.mark.engine("keycloak"), pytest.mark.xdist_group("security")]


@pytest_asyncio.fixture
async def channel() -> AsyncIterator[BackChannel]:
    async with a_back_channel() as one:
        yield one


@pytest_asyncio.fixture
async def realm(channel: BackChannel) -> AsyncIterator[Realm]:
    async with a_realm(address("KEYCLOAK_URL"), channel.url) as one:
        yield one


async def test_a_token_of_keycloak_opens_what_ours_opens_and_nothing_else(shop: Shop, realm: Realm) -> None:
    async with processes(shop, oidc_issuer=realm.issuer) as both:
        for role in ROLES:
            tokens = await realm.log_in(role)
            for here in both:
                about = (await here.ask("GET", "/api/v1/auth/userinfo", tokens["access_token"])).json()
                assert (about["email"], about["email_verified"], about["roles"]) == (f"{role}@shop.test", True, [role])
                own = ours(here.shop, role, about["sub"])
                assert await here.sample(tokens["access_token"]) == await here.sample(own)
            for kind in ("id_token", "refresh_token"):
                problem(await both[0].look(tokens[kind]), 401, "token-invalid")


async def test_a_key_that_keycloak_rotated_is_learned_and_the_one_before_goes_on(shop: Shop, realm: Realm) -> None:
    async with processes(shop, 1, oidc_issuer=realm.issuer) as [here]:
        before = (await realm.log_in("customer"))["access_token"]
        assert (await here.look(before)).status_code == 200
        await realm.rotate()
        after = (await realm.log_in("customer"))["access_token"]
        assert before.split(".", maxsplit=1)[0] != after.split(".", maxsplit=1)[0]
        keys: Any = here.shop.db.peers[OutsideKeys]
        keys._asked_at = float("-inf")  # as ASK_EVERY_S later
        assert [(await here.look(token)).status_code for token in (after, before)] == [200, 200]


async def test_who_logs_out_at_keycloak_is_out_on_every_process(shop: Shop, realm: Realm, channel: BackChannel) -> None:
    async with processes(shop, oidc_issuer=realm.issuer) as [here, there]:
        channel.takes = here.back_channel
        tokens, twin = await realm.log_in("customer"), await realm.log_in("customer")
        for one in (here, there):
            assert (await one.look(tokens["access_token"])).status_code == 200
        await realm.log_out(tokens)
        assert channel.answered == [200]
        await heard(there)
        for one in (here, there):
            problem(await one.look(tokens["access_token"]), 401, "token-revoked")
            assert (await one.look(twin["access_token"])).status_code == 200


async def test_who_logged_out_here_stays_out_although_keycloak_goes_on(shop: Shop, realm: Realm) -> None:
    async with processes(shop, oidc_issuer=realm.issuer) as [here, there]:
        tokens = await realm.log_in("customer")
        assert (await there.look(tokens["access_token"])).status_code == 200
        await here.revoke(tokens["access_token"])
        await heard(there)
        more = await realm.refreshed(tokens)
        for one in (here, there):
            for each in (tokens, more):
                problem(await one.look(each["access_token"]), 401, "token-revoked")


@pytest.mark.engine("redis")
async def test_by_redis_the_end_of_a_session_holds_on_every_process_for_keycloaks_and_for_ours(
    shop: Shop, realm: Realm, channel: BackChannel
) -> None:
    async with processes(shop, oidc_issuer=realm.issuer, redis_url=address("REDIS_URL")) as [here, there]:
        channel.takes = here.back_channel
        own = (await logged_in(here.http))["access_token"]
        first, second, twin = [await realm.log_in("customer") for _ in range(3)]
        await ends_on_both(here, there, own, lambda: here.revoke(own))
        await ends_on_both(here, there, first["access_token"], lambda: here.revoke(first["access_token"]))
        await ends_on_both(here, there, second["access_token"], lambda: realm.log_out(second))
        assert [(await one.look(twin["access_token"])).status_code for one in (here, there)] == [200, 200]
