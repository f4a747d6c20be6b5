"""Anybody can verify our tokens with what we publish, and nobody can sign with it."""

from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import KeySet

from tradewind.contexts.identity._domain.keys import SigningKeys
from tradewind.contexts.identity.rotate_keys.command import RotateKeys
from tradewind.runtime.call import internal_call


async def test_a_token_verifies_with_the_published_keys(client: httpx2.AsyncClient, keys: SigningKeys) -> None:
    token = (await client.post("/api/v1/auth/guest")).json()["access_token"]
    configuration = (await client.get("/.well-known/openid-configuration")).json()
    assert configuration["issuer"] == keys.issuer
    assert configuration["token_endpoint"] == f"{keys.issuer}/api/v1/auth/token"
    published = (await client.get(configuration["jwks_uri"])).json()
    claims = jwt.decode(token, KeySet.import_key_set(published), algorithms=["ES256"]).claims
    assert claims["iss"] == keys.issuer
    assert {"scope", "roles", "tenant"} <= set(claims)
    assert set(claims) <= set(configuration["claims_supported"])


async def test_the_published_keys_hold_nothing_private(client: httpx2.AsyncClient) -> None:
    for key in (await client.get("/.well-known/jwks.json")).json()["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


async def test_the_configuration_says_where_everything_is_and_everything_is_there(
    client: httpx2.AsyncClient, keys: SigningKeys, ada: Any
) -> None:
    found = (await client.get("/.well-known/openid-configuration")).json()
    assert found["grant_types_supported"] == ["password", "refresh_token"]
    assert found["id_token_signing_alg_values_supported"] == ["ES256"]
    assert "order:write" in found["scopes_supported"]
    bearer = {"Authorization": f"Bearer {ada.tokens['access_token']}"}
    about = await client.get(found["userinfo_endpoint"], headers=bearer)
    assert set(about.json()) <= set(found["claims_supported"])
    assert (await client.post(found["revocation_endpoint"], data={"token": "x"})).status_code == 200
    form = {"grant_type": "refresh_token", "refresh_token": ada.tokens["refresh_token"]}
    assert (await client.post(found["token_endpoint"], data=form)).status_code == 200


async def test_after_a_rotation_old_and_new_tokens_verify_with_what_is_published_and_the_next_key_is_there(
    client: httpx2.AsyncClient, keys: SigningKeys, shop: Any, books: Any
) -> None:
    before = (await client.post("/api/v1/auth/guest")).json()["access_token"]
    rotation = await shop.dispatch(RotateKeys(), internal_call("keys.rotate"))
    after = (await client.post("/api/v1/auth/guest")).json()["access_token"]
    published = (await client.get("/.well-known/jwks.json")).json()
    kids = [key["kid"] for key in published["keys"]]
    headers = [
        jwt.decode(token, KeySet.import_key_set(published), algorithms=["ES256"]).header for token in (before, after)
    ]
    assert [header["kid"] for header in headers] == kids[:2]
    assert kids == [headers[0]["kid"], rotation["current"], rotation["next"]]
    assert await books.audited(rotation["current"]) == ["rotate_keys"]
