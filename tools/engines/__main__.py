"""`python -m tools.engines`: up, down, status."""

import json
import time
from dataclasses import asdict
from typing import Annotated

import typer

from tools.engines import launcher
from tools.engines.engine import EngineError
from tools.engines.home import Home

app = typer.Typer(
    no_args_is_help=True,
    help="Real engines on loopback, without Docker. ENGINES_HOME names their folder (.engines).",
)
Names = Annotated[list[str] | None, typer.Argument(help="Some of them; all where none is named.")]
Json = Annotated[bool, typer.Option("--json", help="Say how everything stands as JSON.")]


@app.command()
def up(names: Names = None, as_json: Json = False) -> None:
    """Fetch and start engines; whatever runs is left alone."""
    home, began = Home.of_environment(), time.monotonic()
    try:
        launcher.up(home, names or [], lambda line: typer.echo(f"{time.monotonic() - began:6.1f} s  {line}", err=True))
    except EngineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    _show(home, as_json=as_json)


@app.command()
def down(names: Names = None) -> None:
    """Stop engines, and those that need them, by their process ids; what they keep stays."""
    try:
        launcher.down(Home.of_environment(), names or [], lambda line: typer.echo(line, err=True))
    except EngineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def status(as_json: Json = False) -> None:
    """Which of them run, with which memory, and what names them."""
    _show(Home.of_environment(), as_json=as_json)


def _show(home: Home, *, as_json: bool) -> None:
    found = launcher.standing(home)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found]))
        return
    for one in found:
        named = " ".join(f"{name}={value}" for name, value in one.settings.items())
        typer.echo(f"{one.name:<12}{'up' if one.up else 'down':<6}{one.resident_mib:>6} MiB  {named}")
    typer.echo(f"{'together':<18}{sum(one.resident_mib for one in found):>6} MiB")


if __name__ == "__main__":
    app()
