"""Anybody can verify our tokens with what we publish, and nobody can sign with it."""

import httpx2
from joserfc import jwt
from joserfc.jwk import KeySet

from tradewind.contexts.identity._domain.keys import SigningKeys


async def test_a_token_verifies_with_the_published_keys(client: httpx2.AsyncClient, keys: SigningKeys) -> None:
    token = (await client.post("/api/v1/auth/guest")).json()["access_token"]
    configuration = (await client.get("/.well-known/openid-configuration")).json()
    assert configuration["issuer"] == keys.issuer
    assert configuration["token_endpoint"] == f"{keys.issuer}/api/v1/auth/token"
    published = (await client.get(configuration["jwks_uri"])).json()
    claims = jwt.decode(token, KeySet.import_key_set(published), algorithms=["ES256"]).claims
    assert claims["iss"] == keys.issuer
    assert {"scope", "roles", "tenant"} <= set(claims)


async def test_the_published_keys_hold_nothing_private(client: httpx2.AsyncClient) -> None:
    for key in (await client.get("/.well-known/jwks.json")).json()["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
