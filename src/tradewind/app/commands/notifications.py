"""`tradewind notifications`: what the shop writes to people, as they will read it; and what of it came back."""

import sys
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from tradewind.app.commands.operators import operator, outcome
from tradewind.app.engines import engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import open_shop
from tradewind.contexts.notifications.manifest import LANGUAGES, Kind, ReportBounce, came_back, render, sample

app = typer.Typer(no_args_is_help=True, help="See what the shop writes to people, and take what came back.")


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


@app.command()
def bounced(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a line.")] = False,
) -> None:
    """Take a mail server's report (a mail, on standard input): nothing more goes to an address that refused for good.

    For an alias of the address that mails come from. What is no such report, or is about no message of the shop, is
    left alone. With --json: {"cameBack"}, the message's id or null.
    """
    id_ = came_back(sys.stdin.buffer.read())
    if id_ is not None:
        outcome(lambda settings: _report(settings, id_))
    if json:
        typer.echo(msgspec.json.encode({"cameBack": id_}))
    else:
        typer.echo("nothing came back" if id_ is None else f"message {id_} came back")


async def _report(settings: Settings, id_: UUID) -> None:
    async with engines(settings) as found, open_shop(settings, found, connections=2) as shop:
        await shop.dispatch(ReportBounce(message_id=id_), operator())
