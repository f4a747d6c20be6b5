"""`tradewind ca`: certificates that processes show each other over gRPC."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from msgspec.json import encode

from tradewind.app.certificates import ISSUED_DAYS, AuthorityError, Made, init_authority, issue_certificate
from tradewind.app.commands.ending import stop
from tradewind.app.settings import SettingError, Settings

app = typer.Typer(no_args_is_help=True, help="Make certificates by which processes know each other over gRPC.")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of lines.")]


@app.callback()
def _ca() -> None:
    """The home's own authority; for development, and for clusters that have no other."""


@app.command()
def init(json: Json = False) -> None:
    """Make the authority: <home>/ca/ca.pem, which every process is told (TRADEWIND_GRPC_CA), and its key, which stays.

    One that is there is never replaced (exit 1): everything that it issued would be refused.
    """
    try:
        _say(init_authority(_folder()), json=json)
    except (AuthorityError, SettingError) as error:
        stop(str(error))


@app.command()
def issue(
    name: Annotated[str, typer.Argument(help="The process's name: small letters, digits, hyphens; not …-key.")],
    host: Annotated[list[str] | None, typer.Option(help="Where it is asked: a name or an address; several.")] = None,
    days: Annotated[int, typer.Option(min=1, max=398, help="How long it is good.")] = ISSUED_DAYS,
    json: Json = False,
) -> None:
    """Issue a certificate for a process: <home>/ca/NAME.pem and NAME-key.pem, good for localhost and each --host.

    Issuing it again replaces both; running processes read them at their next start.
    """
    try:
        _say(issue_certificate(_folder(), name, host or [], timedelta(days=days)), json=json)
    except (AuthorityError, SettingError) as error:
        stop(str(error))


def _folder() -> Path:
    return Settings.from_environment().home / "ca"


def _say(made: Made, *, json: bool) -> None:
    if json:
        typer.echo(encode(made))
        return
    typer.echo(f"TRADEWIND_GRPC_CERT={made.certificate}\nTRADEWIND_GRPC_KEY={made.key}")
    typer.echo(f"TRADEWIND_GRPC_CA={made.authority}")
