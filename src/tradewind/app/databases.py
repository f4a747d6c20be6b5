"""Every database of a shop, for commands that look into more than one: the one that most share, and those apart."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from tradewind.app.engines import Engines, connected
from tradewind.app.placement import CONTEXTS, alone, elsewhere, installed, of_context
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop, manifests, migrate_shop, open_shop


@asynccontextmanager
async def open_apart(
    settings: Settings, found: Engines, wanted: Collection[str] = CONTEXTS, **how: Any
) -> AsyncIterator[dict[str, Shop]]:
    """Those of `wanted` that have a database of their own, each as its own process sees it, migrated.

    `how`: see `open_shop`. Raises SettingError where one is elsewhere, and no setting says in which database, and
    EngineError where that does not let us in.
    """
    own = {one: of_context(settings, one) for one in elsewhere(settings) if one in wanted}
    async with AsyncExitStack() as stack:
        shops = {}
        for one, its in own.items():
            assert its.database_url is not None, "of_context says so"
            await (await connected(one, its.database_url)).close()
            await migrate_shop(its.database_url, manifests((one,)))
            there = replace(found, database_url=its.database_url)
            shops[one] = await stack.enter_async_context(open_shop(its, there, **how))
        yield shops


@asynccontextmanager
async def open_all(
    settings: Settings, found: Engines, wanted: Collection[str] = CONTEXTS, **how: Any
) -> AsyncIterator[Sequence[Shop]]:
    """The process's own shop, then those of `wanted` that are apart, all migrated. See `open_apart`.

    Its own is the one that most contexts share, or that of the context which is alone: nobody else's tables go there.
    """
    await migrate_shop(found.database_url, manifests(installed(settings)) if alone(settings) else None)
    async with open_shop(settings, found, **how) as shop, open_apart(settings, found, wanted, **how) as apart:
        yield [shop, *apart.values()]
