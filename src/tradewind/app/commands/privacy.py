"""`tradewind privacy`: show a person everything that is held of them, and forget them. Both are in the audit trail."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tradewind.app.commands.ending import stop
from tradewind.app.commands.operators import operator
from tradewind.app.engines import EngineError, engines
from tradewind.app.settings import SettingError, Settings
from tradewind.app.wiring import Shop, open_shop
from tradewind.contexts.customers.manifest import Erased, ErasePerson, Exported, ExportPerson, archive
from tradewind.kernel.errors import Refusal

app = typer.Typer(no_args_is_help=True, help="Show a person all that the shop holds of them, or forget them (GDPR).")
User = Annotated[str, typer.Argument(help="The user's id, or a guest's (guest-…), as in orders and in the admin.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command()
def export(
    user: User,
    to: Annotated[Path | None, typer.Option(help="The ZIP to write. [default: tradewind-USER.zip]")] = None,
    json: Json = False,
) -> None:
    """Write everything that is held of USER, in every context, into one ZIP: a JSON file of each, and an index.

    With --json it is printed instead, and no file is written. The ZIP holds personal data: mode 0600, never
    overwritten. Exit 1 when there is nobody to ask, or the file is there already.
    """
    exported: Exported = _with_shop(lambda shop: shop.dispatch(ExportPerson(user_id=user), operator()))
    if json:
        typer.echo(msgspec.json.encode(exported, enc_hook=str))
        return
    path = to or Path(f"tradewind-{user}.zip")
    try:
        with open(path, "xb", opener=_private) as file:
            file.write(archive(exported))
    except OSError as error:
        stop(f"{path} cannot be written: {error.strerror}.")
    table = Table("context", "holds")
    for name, held in exported.contexts.items():
        table.add_row(name, ", ".join(held) if held else "nothing")
    console = Console()
    console.print(table)
    console.print(f"Written to {path}", markup=False)


@app.command()
def erase(
    user: User,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
    json: Json = False,
) -> None:
    """Forget USER in every context, in one transaction. There is no way back: export first if somebody may ask.

    Orders and payments stay in the books, with their amounts, under an id that leads to nobody. Refused (exit 1),
    naming them, while orders of USER are under way; then nothing has been done. Backups keep what they hold until they
    expire.
    """
    if not yes and typer.prompt(f"Type {user} once more to forget them for good") != user:
        stop("Nothing was done.")
    command = ErasePerson(user_id=user, confirm=user)
    erased: Erased = _with_shop(lambda shop: shop.dispatch(command, operator()))
    typer.echo(msgspec.json.encode(erased) if json else f"{user} is forgotten by {', '.join(erased.contexts)}.")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _with_shop(ask: Callable[[Shop], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        settings = Settings.from_environment()
        async with engines(settings) as found, open_shop(settings, found, connections=2) as shop:
            return await ask(shop)

    try:
        return asyncio.run(run())
    except Refusal as refusal:
        named = "".join(f"\n  {one}" for one in refusal.facts.get("orders", ()))
        stop(f"{refusal.detail}{named}")
    except (EngineError, SettingError) as error:
        stop(str(error))
