"""The engines of a home: started once, shared, brought back, and gone when nobody needs them, whatever dies how.

Real processes throughout. `started` is a shop in a process of its own that we can kill; `engines` makes this test one.
"""

import asyncio
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tradewind.adapters.database.embedded import EmbeddedPostgres, processes_in
from tradewind.adapters.database.privileges import drop_root
from tradewind.app.engines import EngineError, engines
from tradewind.app.home import Home
from tradewind.app.settings import Settings
from tradewind.app.supervision import gone

WITHIN_S = 30.0
NOT_YET = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InternalClientError,
)
NO_PROVIDER = "http://127.0.0.1:9"
SHOP = """
import asyncio, sys
from tradewind.app.engines import engines
from tradewind.app.settings import Settings

async def main():
    async with engines(Settings.from_environment()) as found:
        print(found.database_url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    assert processes_of(tmp_path / "home") == []


def a_shop(home: Path, database_url: str | None = None) -> Settings:
    return Settings(home=home, provider_url=NO_PROVIDER, database_url=database_url)


def processes_of(home: Path) -> list[int]:
    named = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _names(entry, home)]
    return sorted({*named, *processes_in(home / "postgres" / "data")} - {os.getpid()})


def _names(process: Path, home: Path) -> bool:
    try:
        return os.fsencode(home) in (process / "cmdline").read_bytes()
    except OSError:
        return False


async def all_gone(processes: list[int]) -> None:
    async with asyncio.timeout(WITHIN_S):
        for process in processes:
            await gone(process)


@asynccontextmanager
async def started(home: Path, user: pwd.struct_passwd | None = None) -> AsyncIterator[subprocess.Popen[str]]:
    environment = {**os.environ, "TRADEWIND_HOME": str(home), "TRADEWIND_PROVIDER_URL": NO_PROVIDER}
    shop = subprocess.Popen(
        [sys.executable, "-c", SHOP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=partial(drop_root, user) if user else None,  # noqa: PLW1509 -- takes no lock
    )
    try:
        assert shop.stdout
        assert (await asyncio.to_thread(shop.stdout.readline)).startswith("postgresql://"), "the shop is up"
        yield shop
    finally:
        assert shop.stdin
        shop.stdin.close()
        await asyncio.to_thread(shop.wait)


def keeper_of(home: Path) -> int:
    status = Home(home).status()
    assert status
    return status.pid


def postgres_of(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


async def ask(url: str, *statements: str) -> object:
    """The last statement's value, asked until a server is there to answer."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                connection = await asyncpg.connect(url)
            except NOT_YET:
                await asyncio.sleep(0.02)
                continue
            try:
                return [await connection.fetchval(statement) for statement in statements][-1]
            finally:
                await connection.close()


async def keep_a_note(url: str) -> None:
    await ask(url, "CREATE TABLE note (text text)", "INSERT INTO note VALUES ('kept')")


async def the_note(url: str) -> object:
    return await ask(url, "SELECT text FROM note")


async def test_the_last_user_takes_the_engines_along_and_the_next_one_finds_the_data(home: Path) -> None:
    async with engines(a_shop(home)) as found:
        await keep_a_note(found.database_url)
    assert processes_of(home) == []
    assert not EmbeddedPostgres(home / "postgres").sockets.exists()
    async with engines(a_shop(home)) as again:
        assert again.database_url == found.database_url
        assert await the_note(again.database_url) == "kept"


async def test_no_engine_has_the_rights_of_root(home: Path) -> None:
    async with engines(a_shop(home)):
        for process in processes_of(home):
            status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
            assert "0" not in status["Uid"].split()
            assert int(status["CapPrm"], 16) & ~(1 << 2) == 0, "reading closed folders is the only right it may have"
        assert (home / "postgres" / "password").stat().st_mode & 0o777 == 0o600
        assert EmbeddedPostgres(home / "postgres").sockets.stat().st_mode & 0o777 == 0o700


async def test_a_second_start_joins_and_outlives_the_first(home: Path) -> None:
    async with started(home) as first:
        async with engines(a_shop(home)) as found:
            keeper = keeper_of(home)
            await keep_a_note(found.database_url)
            first.kill()
            first.wait()
            assert await the_note(found.database_url) == "kept"
            assert keeper_of(home) == keeper


async def test_many_starts_at_once_share_one_keeper(home: Path) -> None:
    async def one(ready: asyncio.Barrier) -> int:
        async with engines(a_shop(home)):
            await ready.wait()
            keeper = keeper_of(home)
            await ready.wait()
            return keeper

    everybody = asyncio.Barrier(4)
    assert len(set(await asyncio.gather(*(one(everybody) for _ in range(4))))) == 1


async def test_two_homes_run_side_by_side(tmp_path: Path, home: Path) -> None:
    async with engines(a_shop(home)) as found, engines(a_shop(tmp_path / "other")) as other:
        await keep_a_note(found.database_url)
        assert await ask(other.database_url, "SELECT to_regclass('note')") is None


async def test_a_killed_shop_takes_its_engines_along(home: Path) -> None:
    async with started(home) as shop:
        engine_processes = processes_of(home)
        shop.kill()
        await all_gone(engine_processes)
    assert len(engine_processes) > 3


async def test_a_killed_postgres_comes_back_with_its_data(home: Path) -> None:
    async with engines(a_shop(home)) as found:
        await keep_a_note(found.database_url)
        killed = postgres_of(home)
        os.kill(killed, signal.SIGKILL)
        await all_gone([killed])
        assert await the_note(found.database_url) == "kept"
        assert postgres_of(home) != killed


async def test_a_killed_keeper_leaves_nothing_and_is_replaced(home: Path) -> None:
    async with engines(a_shop(home)) as found:
        await keep_a_note(found.database_url)
        keeper, postgres = keeper_of(home), postgres_of(home)
        os.kill(keeper, signal.SIGKILL)
        await all_gone([keeper, postgres])
        assert await the_note(found.database_url) == "kept"
        assert postgres_of(home) != postgres


async def test_a_killed_provider_comes_back_at_its_address_and_has_it_in_later_starts_too(home: Path) -> None:
    with_provider = Settings(home=home)
    async with engines(with_provider) as found:
        killed = await the_provider(home, found.provider_url)
        os.kill(killed, signal.SIGKILL)
        await all_gone([killed])
        assert await the_provider(home, found.provider_url) != killed
    async with engines(with_provider) as again:
        assert again.provider_url == found.provider_url
        await the_provider(home, again.provider_url)


async def the_provider(home: Path, url: str) -> int:
    """The provider's process id, once it takes connections at `url`."""
    address = urlsplit(url)
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                _, writer = await asyncio.open_connection(address.hostname, address.port)
                writer.close()
                return int(json.loads((home / "run" / "provider.json").read_text())["pid"])
            except (ConnectionError, FileNotFoundError):
                await asyncio.sleep(0.02)


async def test_shop_and_keeper_killed_at_once_leave_nothing_and_the_next_start_is_fresh(home: Path) -> None:
    async with started(home) as shop:
        left = processes_of(home)
        shop.kill()
        os.kill(keeper_of(home), signal.SIGKILL)
        await all_gone(left)
    async with engines(a_shop(home)) as found:
        assert await ask(found.database_url, "SELECT 1") == 1


async def test_a_stale_pid_file_that_names_a_living_stranger_is_no_hindrance(tmp_path: Path, home: Path) -> None:
    async with engines(a_shop(tmp_path / "other")):
        stranger = keeper_of(tmp_path / "other")  # of the same account, so that Postgres alone would believe in it
        async with started(home) as shop:
            data, left = home / "postgres" / "data", processes_of(home)
            shop.kill()
            await all_gone(left)
        stale = data / "postmaster.pid"
        stale.write_text(f"{stranger}\n{data}\n1\n5432\n\n\n\n")
        os.chown(stale, data.stat().st_uid, data.stat().st_gid)
        async with engines(a_shop(home)) as found:
            assert await ask(found.database_url, "SELECT 1") == 1


async def test_a_database_half_made_is_made_again(home: Path) -> None:
    half = home / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("16\n")
    async with engines(a_shop(home)) as found:
        assert await ask(found.database_url, "SELECT current_database()") == "tradewind"
    assert not half.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test here already runs as an ordinary user")
async def test_an_ordinary_user_runs_the_engines_as_himself_and_root_after_him_leaves_them_his() -> None:
    user = pwd.getpwnam("daemon")
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, user.pw_uid, user.pw_gid)
        home = Path(folder, "home")
        async with started(home, user):
            assert {Path(f"/proc/{process}").stat().st_uid for process in processes_of(home)} == {user.pw_uid}
        async with engines(a_shop(home)):
            assert {Path(f"/proc/{process}").stat().st_uid for process in processes_of(home)} == {user.pw_uid}
        async with started(home, user):
            assert (home / "run" / "keeper.log").stat().st_uid == user.pw_uid


async def test_the_owners_database_is_used_instead_of_ours(tmp_path: Path, home: Path) -> None:
    async with engines(a_shop(tmp_path / "other")) as other:
        async with engines(a_shop(home, database_url=other.database_url)) as found:
            assert found == other
            assert processes_of(home) == []
            assert not home.exists()


async def test_a_database_that_does_not_let_us_in_is_named_without_its_password(tmp_path: Path, home: Path) -> None:
    async with engines(a_shop(home)) as found:
        wrong = found.database_url.replace("tradewind:", "tradewind:not-")
        with pytest.raises(EngineError, match="TRADEWIND_DATABASE_URL") as refusal:
            async with engines(a_shop(tmp_path / "other", database_url=wrong)):
                pytest.fail("nobody is let in with a wrong password")
    assert "not-" not in str(refusal.value)


async def test_a_home_that_cannot_be_written_says_what_to_do(home: Path) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(EngineError, match="TRADEWIND_HOME"):
        async with engines(a_shop(home)):
            pytest.fail("there is no home")


async def test_engines_that_cannot_start_show_the_end_of_their_log(home: Path) -> None:
    async with engines(a_shop(home)):
        pass
    (home / "postgres" / "password").unlink()
    with pytest.raises(EngineError, match="Put it back from a backup") as refusal:
        async with engines(a_shop(home)):
            pytest.fail("nobody knows the password")
    assert str(home / "run" / "keeper.log") in str(refusal.value)


async def test_a_damaged_database_is_reported_after_a_few_attempts(home: Path) -> None:
    async with engines(a_shop(home)):
        pass
    shutil.rmtree(home / "postgres" / "data" / "global")
    with pytest.raises(EngineError, match="Postgres does not start: 4 attempts"):
        async with engines(a_shop(home)):
            pytest.fail("it is damaged")
