"""`tradewind policy`: the rules of who may do what, where an OPA server decides by them."""

from typing import Annotated

import typer
from msgspec import Struct
from msgspec.json import encode

app = typer.Typer(no_args_is_help=True, help="The rules of who may do what, where an OPA server decides by them.")


class Pushed(Struct):
    """What the server holds now."""

    policies: list[str]


@app.command()
def push(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Put the shop's rules into the OPA server of TRADEWIND_OPA_URL, in place of those it had of them.

    Run it with each release, before the release is started: a shop whose OPA holds no rules allows nobody anything.
    Exit 1 where the server is away or does not take them.
    """
    from tradewind.adapters.policy.opa import PolicyAway, push
    from tradewind.adapters.policy.rego import PolicyFault
    from tradewind.app.settings import SettingError, Settings

    try:
        url = Settings.from_environment().opa_url
        if url is None:
            raise SettingError("TRADEWIND_OPA_URL names no OPA server; without one the rules are in each process.")
        names = push(url)
    except (SettingError, PolicyAway, PolicyFault) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(encode(Pushed(names)) if json else "\n".join(names))
