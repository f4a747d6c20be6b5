"""`tradewind flags`: what the shop's owner has switched on."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from msgspec import Struct
from msgspec.json import encode

from tradewind.adapters.flags.open_feature import OpenFeatureFlags
from tradewind.app.flagging import source_of
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
    async with source_of(settings) as source:
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
