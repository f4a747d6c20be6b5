"""Settings out of a Vault: read before all others, never shown, and refused with words that say what to do."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.vaults import Vault, a_vault
from tradewind.app import vaulted
from tradewind.app.free_ports import free_port
from tradewind.app.settings import SettingError, Settings

pytestmark = pytest.mark.adapter("vault", played=True)

SECRET = "hunter2"
HELD = {"TRADEWIND_ADMIN_PASSWORD": SECRET, "TRADEWIND_LOG_LEVEL": "debug"}


@pytest_asyncio.fixture
async def vault() -> AsyncIterator[Vault]:
    async with a_vault() as one:
        one.secrets["secret/tradewind"] = dict(HELD)
        yield one


def named(vault: Vault, **more: str) -> dict[str, str]:
    return {"TRADEWIND_VAULT_URL": vault.url, "TRADEWIND_VAULT_TOKEN": vault.token, **more}


async def refused(environment: dict[str, str]) -> str:
    before = dict(environment)
    with pytest.raises(SettingError) as refusal:
        await asyncio.to_thread(vaulted.apply, environment)
    assert environment == before
    said = f"{refusal.value!s} {refusal.value.__cause__} {refusal.value.__context__}"
    assert SECRET not in said
    token = environment.get("TRADEWIND_VAULT_TOKEN")
    assert not token or token not in said
    return str(refusal.value)


async def test_a_vault_that_is_sealed_denies_or_lacks_the_secret_is_told_with_what_to_do(vault: Vault) -> None:
    assert "TRADEWIND_VAULT_TOKEN is needed" in await refused({"TRADEWIND_VAULT_URL": vault.url})
    assert "policy lacks `read`" in await refused({**named(vault), "TRADEWIND_VAULT_TOKEN": "hvs.other"})
    missing = await refused(named(vault, TRADEWIND_VAULT_PATH="kv/elsewhere"))
    assert "vault kv put -mount=kv elsewhere" in missing
    vault.sealed = True
    assert "vault operator unseal" in await refused(named(vault))
    away = {**named(vault), "TRADEWIND_VAULT_URL": f"http://127.0.0.1:{free_port('127.0.0.1')}"}
    assert "is Vault up" in await refused(away)


@pytest.mark.parametrize(
    ("held", "complaint"),
    [
        ({"TRADEWIND_PROT": SECRET}, "TRADEWIND_PROT is no setting"),
        ({"TRADEWIND_VAULT_TOKEN": SECRET}, "TRADEWIND_VAULT_TOKEN is no setting that can be there"),
        ({"PATH": SECRET}, "PATH is no setting"),
        ({"TRADEWIND_PORT": 9000}, "names and texts"),
        ([SECRET], "names and texts"),
    ],
)
async def test_a_secret_that_is_no_settings_is_refused_and_nothing_is_set(
    vault: Vault, held: Any, complaint: str
) -> None:
    vault.secrets["secret/tradewind"] = held if isinstance(held, list) else {**HELD, **held}
    assert complaint in await refused(named(vault))


@pytest.mark.parametrize("path", ["secret", "/secret/x", "secret/../sys/x/", "secret/x?y"])
async def test_a_path_that_is_none_is_refused(vault: Vault, path: str) -> None:
    assert "TRADEWIND_VAULT_PATH" in await refused(named(vault, TRADEWIND_VAULT_PATH=path))


async def test_what_a_vault_holds_is_set_where_the_environment_says_nothing(vault: Vault) -> None:
    environment = named(vault, TRADEWIND_LOG_LEVEL="error")
    await asyncio.to_thread(vaulted.apply, environment)
    settings = Settings.from_environment(environment)
    assert (settings.admin_password, settings.log_level) == (SECRET, "error")
    assert vault.renewed == [vault.token]
    assert SECRET not in repr(settings)
    assert vault.token not in repr(settings)


async def test_an_empty_value_of_the_environment_hides_nothing_of_a_vault(vault: Vault) -> None:
    environment = named(vault, TRADEWIND_ADMIN_PASSWORD="", TRADEWIND_LOG_LEVEL="error")
    await asyncio.to_thread(vaulted.apply, environment)
    settings = Settings.from_environment(environment)
    assert (settings.admin_password, settings.log_level) == (SECRET, "error")


async def test_a_token_that_cannot_be_renewed_is_as_good(vault: Vault) -> None:
    vault.renews = False
    environment = named(vault)
    await asyncio.to_thread(vaulted.apply, environment)
    assert environment["TRADEWIND_ADMIN_PASSWORD"] == SECRET


async def test_every_command_reads_it_and_tells_nothing_of_it(vault: Vault) -> None:
    vault.secrets["secret/tradewind"] = {"TRADEWIND_DATABASE_URL": SECRET}
    for sealed, says in ((False, "TRADEWIND_DATABASE_URL must"), (True, "vault operator unseal")):
        vault.sealed = sealed
        argv = [sys.executable, "-m", "tradewind.app.cli", "doctor"]
        environment = {**os.environ, **named(vault)}
        environment.pop("TRADEWIND_DATABASE_URL", "")  # where the tests' own database is; it would go before Vault's
        done = await asyncio.to_thread(
            subprocess.run, argv, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, says in " ".join(done.stderr.split())) == (1, True), done.stderr
        assert SECRET not in done.stdout + done.stderr
        assert vault.token not in done.stdout + done.stderr


def test_a_shop_that_names_no_vault_does_not_load_its_client() -> None:
    look = "import sys, tradewind.app.edge, tradewind.app.worker, tradewind.app.cli; sys.exit('hvac' in sys.modules)"
    subprocess.run([sys.executable, "-c", look], check=True)
