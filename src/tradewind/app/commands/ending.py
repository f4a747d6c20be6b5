"""How a command says that nothing comes of it. Loads nothing of the shop."""

from typing import NoReturn

import typer


def stop(why: str) -> NoReturn:
    """Say in red why nothing comes of it, and end the command with exit 1."""
    from rich.console import Console

    Console(stderr=True).print(why, style="red", markup=False)
    raise typer.Exit(1)
