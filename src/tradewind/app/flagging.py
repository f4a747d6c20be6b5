"""What the shop's owner has switched on: who says so by the settings; and `tradewind flags`, which shows it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from msgspec import Struct
from msgspec.json import encode

from tradewind.adapters.flags.file import FlagFile
from tradewind.adapters.flags.open_feature import OpenFeatureFlags
from tradewind.adapters.flags.source import Source
from tradewind.app.settings import SettingError, Settings
from tradewind.ports.flags import Standing


class Shown(Struct, rename="camel"):
    """One flag, for programs."""

    flag: str
    value: str
    source: str
    default: bool
    by_customer: bool
    about: str


@asynccontextmanager
async def flags(settings: Settings) -> AsyncIterator[OpenFeatureFlags]:
    """Who answers to the port of flags: by the owner's Unleash, a file of theirs, or the defaults."""
    async with _source(settings) as source:
        found = OpenFeatureFlags(source)
        try:
            yield found
        finally:
            found.close()


@asynccontextmanager
async def _source(settings: Settings) -> AsyncIterator[Source]:
    if settings.unleash_url is None:
        yield FlagFile(settings.flags_file)
        return
    from tradewind.adapters.flags.unleash import unleash

    async with unleash(settings.unleash_url, settings.unleash_token or "") as source:
        yield source


def show_flags(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Show each feature flag: how it stands, who says so (a file, Unleash, the default), and what it switches.

    Asks the file or the Unleash that the settings name as a shop does; nothing has to run. Where it cannot be read or
    asked the defaults are shown, and the reason on standard error: exit 1 then.

    With --json: [{"flag", "value", "source", "default", "byCustomer", "about"}].
    """
    try:
        standings, trouble = asyncio.run(_look(Settings.from_environment()))
    except SettingError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    _print(standings, json=json)
    if trouble:
        typer.echo(trouble, err=True)
        raise typer.Exit(1)


async def _look(settings: Settings) -> tuple[Sequence[Standing], str]:
    """How each stands, and what is wrong with who says so."""
    async with _source(settings) as source:
        found = OpenFeatureFlags(source)
        try:
            return found.standings(), source.trouble
        finally:
            found.close()


def _print(standings: Sequence[Standing], *, json: bool) -> None:
    if json:
        typer.echo(encode([
            Shown(one.flag.name, one.value, one.source, one.flag.default, one.flag.by_customer, one.flag.about)
            for one in standings
        ]))  # fmt: skip
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("flag", "value", "source", "default", "when it is on")
    for one in standings:
        table.add_row(one.flag.name, one.value, one.source, "on" if one.flag.default else "off", one.flag.about)
    Console().print(table)
