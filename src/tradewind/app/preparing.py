"""What a start does before edge and worker: the database brought up to date, an administrator, something to buy.

A process for once, borne by `serve`, which itself imports nothing of the shop. What came of it is in a file.
"""

import asyncio
import os

import msgspec

from tradewind.app.engines import EngineError, Engines
from tradewind.app.placement import CONTEXTS, alone, at_home, installed, named, served
from tradewind.app.sample import add_sample
from tradewind.app.settings import Settings
from tradewind.app.told import PREPARED_FILE, SAMPLE, Prepared
from tradewind.app.wiring import create_first_admin, manifests, migrate_shop, open_shop
from tradewind.runtime.telemetry import logs


async def prepare(settings: Settings, found: Engines, *, sample: bool) -> Prepared:
    """All that is not there yet; twice is once."""
    applied = await migrate_shop(found.database_url, manifests(installed(settings)) if alone(settings) else None)
    serves, password = served(settings), None
    if "identity" in serves:
        async with open_shop(settings, found, connections=2, listens=False) as shop:
            password = await create_first_admin(shop.db, settings.admin_password)
            if sample and len(serves) == len(CONTEXTS):
                await add_sample(shop)
    return Prepared(applied=applied, password=password)


def main() -> None:
    """Prepare by the environment's settings."""
    settings = at_home(Settings.from_environment())
    logs.configure(settings.log_level.upper(), named(settings, "preparing"), settings.log_folder)
    assert settings.database_url is not None, "serve says where it is"
    found = Engines(database_url=settings.database_url, provider_url=settings.provider_url or "")
    try:
        prepared = asyncio.run(prepare(settings, found, sample=os.environ[SAMPLE] == "yes"))
    except EngineError as failure:
        prepared = Prepared(refused=str(failure))
    file = os.open(os.environ[PREPARED_FILE], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(file, "wb") as out:
        out.write(msgspec.json.encode(prepared))
