"""The first administrator is made once, with a password that is shown once or was given."""

from typing import Any

from tradewind.contexts.identity._domain import passwords
from tradewind.contexts.identity.first_admin import create_first_admin

HASHES = "SELECT password_hash FROM identity.account WHERE login = 'admin@localhost' AND roles = '{admin}'"


async def hashes(shop: Any) -> list[str]:
    async with shop.db.pool.acquire() as connection:
        return [row["password_hash"] for row in await connection.fetch(HASHES)]


async def test_the_made_up_password_is_told_once_and_works(shop: Any) -> None:
    made_up = await create_first_admin(shop.db, None)
    assert made_up
    assert await create_first_admin(shop.db, None) is None
    assert await create_first_admin(shop.db, "another") is None
    (kept,) = await hashes(shop)
    assert await passwords.matches(kept, made_up)
    assert not await passwords.matches(kept, "another")


async def test_a_given_password_is_taken_and_not_told(shop: Any) -> None:
    assert await create_first_admin(shop.db, "given") is None
    (kept,) = await hashes(shop)
    assert await passwords.matches(kept, "given")


async def test_where_there_is_no_account_no_password_matches() -> None:
    assert not await passwords.matches(None, "anything")
