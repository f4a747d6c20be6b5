"""What the shop's owner has switched on: who says so by the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tradewind.adapters.flags.file import FlagFile
from tradewind.adapters.flags.open_feature import OpenFeatureFlags
from tradewind.adapters.flags.source import Source
from tradewind.app.settings import Settings


@asynccontextmanager
async def flags(settings: Settings) -> AsyncIterator[OpenFeatureFlags]:
    """Who answers to the port of flags: by the owner's Unleash, a file of theirs, or the defaults."""
    async with source_of(settings) as source:
        found = OpenFeatureFlags(source)
        try:
            yield found
        finally:
            found.close()


@asynccontextmanager
async def source_of(settings: Settings) -> AsyncIterator[Source]:
    """Who says how flags stand: the owner's Unleash, or a file of theirs, or nobody."""
    if settings.unleash_url is None:
        yield FlagFile(settings.flags_file)
        return
    from tradewind.adapters.flags.unleash import unleash

    async with unleash(settings.unleash_url, settings.unleash_token or "") as source:
        yield source
