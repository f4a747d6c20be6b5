"""Keys rotate by their age, once, and it is in the audit trail."""

import os
from pathlib import Path
from typing import Any

from tradewind.contexts.identity._domain.keys import SigningKeys
from tradewind.contexts.identity.rotate_keys.timer import KEY_AGE_S, rotate_by_age
from tradewind.kernel import clock
from tradewind.runtime.call import internal_call


async def came_round(shop: Any) -> None:
    async with shop.db.transaction(internal_call("identity.rotate_keys")) as tx:
        assert await rotate_by_age(tx) == 0


async def test_a_key_signs_for_its_time_and_then_the_next_one_does(
    shop: Any, client: Any, keys: SigningKeys, tmp_path: Path, books: Any
) -> None:
    first, second = (key["kid"] for key in keys.key_set()["keys"])
    await came_round(shop)
    assert len(keys.key_set()["keys"]) == 2
    assert await books.audited(second) == []
    made = clock.now().timestamp() - KEY_AGE_S - 60
    os.utime(tmp_path / "secrets" / "signing-0002.pem", (made, made))
    for _ in range(2):
        await came_round(shop)
    kids = [key["kid"] for key in keys.key_set()["keys"]]
    assert kids[:2] == [first, second]
    assert len(kids) == 3
    assert await books.audited(second) == ["rotate_keys"]
