"""Mails go out once they are committed, again where it is not sure, and leave nothing behind in the database."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from tests.shops import until, working

PHASES = "SELECT count(*) FROM runtime.saga WHERE name = 'send_mail' AND phase = $1"
RETRIES = "SELECT count(*) FROM runtime.saga_journal WHERE step = 'hand_over_mail' AND message = 'Failed'"
AGAIN = """
    UPDATE runtime.saga SET phase = 'STARTED', step = 0, attempt = 0, due_at = now(), lease_until = '-infinity'
    WHERE name = 'send_mail'
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the mails of this test's shop go."""
    return tmp_path / "mail"


async def carried(shop: Any) -> bool:
    return bool(await shop.db.pool.fetchval(PHASES, "COMPLETED"))


async def test_what_was_not_committed_is_not_sent(shop: Any, visitor: Any, books: Any, folder: Path) -> None:
    await visitor("not an address").register()
    async with working(shop):
        ada = visitor()
        await ada.register()
        await until(shop, lambda: carried(shop))
    assert len(list(folder.glob("*.eml"))) == 1


async def test_a_mail_waits_while_it_cannot_be_handed_over_and_goes_out_when_it_can(
    shop: Any, visitor: Any, books: Any, folder: Path
) -> None:
    folder.write_text("not a folder: every mail fails")
    ada = visitor()
    await ada.register()

    async def failed() -> bool:
        return bool(await shop.db.pool.fetchval(RETRIES))

    async with working(shop):
        await until(shop, failed)
        assert await books.count("mail") == 1
        folder.unlink()
        await until(shop, lambda: carried(shop))
    [mail] = folder.glob("*.eml")
    assert message_from_bytes(mail.read_bytes(), policy=default)["To"] == ada.email
    assert await books.count("mail") == 0


async def test_a_mail_that_is_sent_again_after_a_crash_is_the_same_mail(
    shop: Any, visitor: Any, inbox: Any, folder: Path
) -> None:
    ada = visitor()
    await ada.register()
    row = await shop.db.pool.fetchrow("SELECT * FROM identity.pending_mail")
    async with working(shop):
        await until(shop, lambda: carried(shop))
    [sent] = folder.glob("*.eml")
    before = sent.read_bytes()
    insert = "INSERT INTO identity.pending_mail VALUES ($1, $2, $3, $4, $5, $6)"
    await shop.db.pool.execute(insert, *row.values())
    await shop.db.pool.execute(AGAIN)
    async with working(shop):
        await until(shop, lambda: carried(shop))
    [again] = folder.glob("*.eml")
    assert (again.name, again.read_bytes()) == (sent.name, before)


async def test_the_code_in_a_sent_mail_works_and_is_nowhere_in_the_database(
    shop: Any, visitor: Any, books: Any, client: Any, folder: Path
) -> None:
    ada = visitor()
    async with working(shop):
        await ada.register()
        await until(shop, lambda: carried(shop))
    assert await books.count("mail") == 0
    [mail] = folder.glob("*.eml")
    body = message_from_bytes(mail.read_bytes(), policy=default).get_content()
    [code] = [line for line in body.splitlines() if len(line) == 43 and " " not in line]
    tables = await shop.db.pool.fetch(
        "SELECT format('SELECT coalesce(string_agg(t::text, chr(10)), %L) FROM %I.%I t', '', schemaname, tablename)"
        " FROM pg_tables WHERE schemaname IN ('identity', 'runtime')"
    )
    kept = "\n".join([await shop.db.pool.fetchval(row["format"]) for row in tables])
    assert ada.email in kept
    assert code not in kept
    assert (await client.post("/api/v1/auth/verify-email", json={"token": code})).status_code == 204
