"""`tradewind doctor`."""

import asyncio

import typer
from msgspec import Struct
from msgspec.json import encode
from rich.console import Console
from rich.table import Table

from tradewind.app.doctor.finding import Finding
from tradewind.app.doctor.looking import look
from tradewind.app.settings import Settings


class Report(Struct):
    """How everything is."""

    well: bool
    engines: list[Finding]


def run_doctor(settings: Settings, *, json: bool) -> int:
    """Print how each engine is; 0 where all are well, else 1."""
    found = asyncio.run(look(settings))
    report = Report(all(one.well for one in found), found)
    if json:
        typer.echo(encode(report))
    else:
        _show(report)
    return 0 if report.well else 1


def _show(report: Report) -> None:
    if not report.engines:
        typer.echo("The shop was told of no engine: it brings its own. TRADEWIND_DATABASE_URL and others name yours.")
        return
    table = Table("engine", "", "version", "found", "what to do")
    for one in report.engines:
        table.add_row(one.engine, "well" if one.well else "UNWELL", one.version, one.detail, one.advice)
    Console().print(table)
