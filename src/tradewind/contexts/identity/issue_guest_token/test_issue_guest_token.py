"""A guest gets a token that shops and does nothing else."""

import httpx2

from tradewind.contexts.identity._domain.keys import SigningKeys


async def test_each_guest_is_somebody_else_and_may_only_shop(client: httpx2.AsyncClient, keys: SigningKeys) -> None:
    subjects = set()
    for _ in range(3):
        response = await client.post("/api/v1/auth/guest")
        answer = response.json()
        assert response.status_code == 200
        assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 86_400)
        actor = keys.verifier()(answer["access_token"].encode())
        assert actor.roles == {"guest"}
        assert actor.scopes == {"order:write", "order:read", "catalog:read", "cart:write"}
        subjects.add(actor.subject)
    assert len(subjects) == 3


async def test_a_token_with_an_idempotency_key_is_not_kept(client: httpx2.AsyncClient) -> None:
    answers = [await client.post("/api/v1/auth/guest", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json()["access_token"] != answers[1].json()["access_token"]
