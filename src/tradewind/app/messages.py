"""`tradewind notifications`: what the shop writes to people, as they will read it."""

from typing import Annotated

import msgspec
import typer

from tradewind.contexts.notifications.manifest import LANGUAGES, Kind, render, sample

app = typer.Typer(no_args_is_help=True, help="See what the shop writes to people.")


@app.callback()
def _notifications() -> None:
    """What the shop writes to people."""


@app.command()
def preview(
    template: Annotated[Kind, typer.Argument(help="What the message is about.")],
    language: Annotated[str, typer.Option(help=f"In which language: {', '.join(LANGUAGES)}.")] = LANGUAGES[0],
    html: Annotated[bool, typer.Option("--html", help="Print the HTML part alone.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document with all parts.")] = False,
) -> None:
    """Print a message with made-up facts: its subject, then its plain part. Needs nothing that runs."""
    if language not in LANGUAGES:
        raise typer.BadParameter(f"The shop writes {', '.join(LANGUAGES)}.", param_hint="--language")
    said = render(template, language, sample(template))
    if json:
        typer.echo(msgspec.json.encode(said))
    elif html:
        typer.echo(said.html)
    else:
        typer.echo(f"{said.subject}\n\n{said.text}")
