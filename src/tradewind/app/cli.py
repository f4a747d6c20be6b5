"""`tradewind`: the command. Each one says in --help what it does, what it needs and how it ends."""

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer
from msgspec import Struct
from msgspec.json import encode

from tradewind.app.commands.ending import stop
from tradewind.app.settings import SettingError, Settings
from tradewind.kernel.clock import now
from tradewind.runtime.telemetry.lossy import Lossy

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
importing = typer.Typer(no_args_is_help=True, help="Bring goods, orders and returns in from somewhere else.")
bench = typer.Typer(no_args_is_help=True, help="Measure this shop on this machine; nothing of it is kept.")
app.add_typer(importing, name="import")
app.add_typer(bench, name="bench")

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would come of it; write nothing.")]
OTHERS: Final = {
    "saga": ("saga", "app"),
    "privacy": ("privacy", "app"),
    "keys": ("keys", "app"),
    "policy": ("policy", "app"),
    "flags": ("flags", "show_flags"),
    "dlq": ("dlq", "app"),
    "ca": ("ca", "app"),
    "notifications": ("notifications", "app"),
    "analytics": ("analytics", "app"),
    "lists": ("lists", "app"),
    "replay": ("replay", "app"),
    "connect": ("connect", "app"),
    "topics": ("connect", "topics"),
    "schemas": ("schemas", "app"),
    "revenue": ("revenue", "show_revenue"),
    "sales-summary": ("sales_summary", "sum_up"),
    "logs": ("logs", "app"),
}
"""Commands in files of their own: in which module of `commands`, and under which name there."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


@app.callback()
def _tradewind(
    context: typer.Context,
    profile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings, a line each; the environment goes before it.")
    ] = None,
) -> None:
    """A whole event-driven shop in one command.

    All state lives under TRADEWIND_HOME (default: .tradewind in this folder). Commands start the home's Postgres
    themselves when nothing is running on it, and join it when something is. TRADEWIND_DATABASE_URL names a Postgres of
    yours instead (version 15 or newer). deploy/profiles has files of settings for --profile; TRADEWIND_VAULT_URL names
    a Vault that holds those which nobody may read.
    """
    from tradewind.app import profiles, vaulted

    if context.invoked_subcommand != "serve":  # which itself writes no log
        from tradewind.runtime.telemetry import logs

        logs.configure("ERROR")  # to standard error: what a command prints is its answer and nothing else
    try:
        if profile is not None:
            profiles.apply(profile, os.environ)
        vaulted.apply(os.environ)
    except SettingError as error:
        stop(str(error))


@app.command()
def serve(
    contexts: Annotated[
        list[str] | None, typer.Argument(metavar="[CONTEXT …]", help="Serve these contexts alone, or the gateway.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Where to listen; 0 takes a free port. [default: 8000]")] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on. [default: 127.0.0.1]")] = None,
    sample: Annotated[bool, typer.Option(help="Put one product on the shelf when the catalog is empty.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document once it serves: where it is.")] = False,
) -> None:
    """Serve the whole shop until Ctrl-C: HTTP edge, worker, Postgres, simulated payment provider, sensors' broker.

    The first start makes an administrator, admin@localhost, and prints its password once; set
    TRADEWIND_ADMIN_PASSWORD to choose it.

    With names of contexts it serves these alone (docs/guides/operating.md): others of them, in processes of their own,
    are heard by Kafka. `gateway` passes requests on to all of them (TRADEWIND_CONTEXT_URLS).
    """
    from tradewind.app import hosting
    from tradewind.app.placement import GATEWAY

    settings = _settings(HOST=host, PORT=port)
    if contexts:  # who reaches the shop does so at the gateway, wherever these listen
        settings = replace(settings, contexts=tuple(contexts), public_url=_settings().public_url)
    if settings.contexts == (GATEWAY,):
        _run(hosting.serve_gateway(settings, _say_aside if json else _say))
        return
    _run(hosting.serve(settings, _say_aside if json else _say, sample=sample, ready=_show if json else None))


@app.command()
def cluster(json: Json = False) -> None:
    """Serve the shop as seven processes on this machine, until Ctrl-C: a gateway, and `tradewind serve` of contexts.

    They hear each other by the Kafka that TRADEWIND_KAFKA_SERVERS names; inventory and payments have databases of their
    own and are asked over gRPC. With --json, once all serve: {"url", "inventoryDatabaseUrl", "paymentsDatabaseUrl",
    "environment", "processes"}, where environment is a file that a shell reads before commands that work on all
    databases.
    """
    from tradewind.app.cluster import cluster as run
    from tradewind.runtime.telemetry import logs

    settings = _settings()
    logs.configure(settings.log_level.upper())
    say = _say_aside if json else _say
    _run(run(settings, say, _show if json else lambda up: _say(f"Serving the shop at {up.url}")))


@importing.command("online-retail")
def import_online_retail(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The CSV: InvoiceNo,StockCode,…,Country.")],
    json: Json = False,
) -> None:
    """Bring in a retailer's week: products with prices, opening stock, orders through the saga, returns as refunds.

    Every line lands in exactly one named bucket, whose count, quantity and money are printed. Running it again changes
    nothing. A line that cannot be read is named, and then nothing at all is brought in (exit 1).
    """
    from tradewind.app.importing.command import run_import

    raise typer.Exit(run_import(_settings(), file, json=json))


@importing.command("goodbooks")
def import_goodbooks(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="books.csv of goodbooks-10k.")],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Put ten thousand real books on the shelves, as GB-<book_id>. Their prices and stock are made up, by a rule.

    Running it again changes nothing; cut off in the middle, it carries on. Lines that cannot be read are named and
    left out.
    """
    from tradewind.app.importing.feeds.command import run_feed

    raise typer.Exit(run_feed(_settings(), "goodbooks", file, dry_run=dry_run, json=json))


@importing.command("feed")
def import_feed(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, or JSON Lines where so named.")],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Take in a vendor's feed: sku, name, category, price, currency, and what docs/guides/catalog.md lists.

    Products that the shop knows by their SKU are described and priced anew, the others are created. Lines that cannot
    be read are named and left out.
    """
    from tradewind.app.importing.feeds.command import run_feed

    raise typer.Exit(run_feed(_settings(), "feed", file, dry_run=dry_run, json=json))


@app.command()
def audit(
    json: Json = False,
    settle: Annotated[float, typer.Option(help="Seconds to wait for consumers to catch up.")] = 10.0,
) -> None:
    """Prove that nothing was lost, oversold or charged twice.

    Reads everything with its own SQL and compares it with the payment provider's own ledger. Exit 0 when all holds,
    1 when not, naming the rows.
    """
    from tradewind.app.audit.command import run_audit

    raise typer.Exit(run_audit(_settings(), json=json, settle_s=settle))


@app.command()
def doctor(json: Json = False) -> None:
    """Ask every engine that the settings name how it is, and say what to do where one is not well.

    Looks at each for ten seconds at most: whether it answers, its version, the rights and topics and indices that the
    shop needs, readers that fall behind. Exit 0 where all are well, 1 where one is not.
    """
    from tradewind.app.doctor.command import run_doctor

    raise typer.Exit(run_doctor(_settings(), json=json))


@app.command()
def reconcile(
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only this day (UTC). [default: all]")
    ] = None,
    json: Json = False,
) -> None:
    """Compare what the payment provider says it has settled with the shop's own books, order by order.

    Asks the provider (and the legacy gateway, where payments go there) for its settlement report. Every difference is
    named, with the order and what each side says: missing_here (they took or gave back money that we know nothing of),
    missing_there, amount_differs, currency_differs, duplicated (the same money more than once). Money that is moving
    right now is no difference; it is counted as inFlight.

    With --json: {"provider", "matched", "differences": [{"kind", "reference", "operation", "provider", "currency",
    "theirs", "ours"}], "inFlight", "day"}. Exit 0 when both agree, 1 when they differ, 2 when there is no report to
    read. The worker does the same by itself for each day that is over, and tells a difference as the event
    ecommerce.payment.settlement.differed.v1.
    """
    from tradewind.app.commands.reconcile import run_reconcile

    raise typer.Exit(run_reconcile(_settings(), day.date() if day else None, json=json))


@bench.command("place-order")
def bench_place_order(
    json: Json = False,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds; medians are printed.")] = 3,
    orders: Annotated[int, typer.Option(min=100, max=100_000, help="Orders placed in each run of a round.")] = 4_000,
) -> None:
    """Measure placing orders in process, with every check on, on 1,000 SKUs and on one, in a database of its own."""
    from tradewind.app.bench.command import run_bench

    raise typer.Exit(run_bench(_settings(), json=json, rounds=rounds, orders=orders))


def _settings(**options: str | int | None) -> Settings:
    """What the environment says, and `options` in its place where they are given."""
    given = {f"TRADEWIND_{name}": str(value) for name, value in options.items() if value is not None}
    try:
        return Settings.from_environment({**os.environ, **given})
    except SettingError as error:
        stop(str(error))


def _say(line: str) -> None:
    """Tell how far it is. Where nobody can be told (the log's volume is full) the shop goes on."""
    print(line, file=Lossy(sys.stdout), flush=True)


def _say_aside(line: str) -> None:
    """The same to whoever reads the log: a line like those of the parts, without the import of what writes theirs."""
    said = {"event": line, "level": "info", "at": now()}
    print(encode(said).decode(), file=Lossy(sys.stderr), flush=True)


def _show(document: Struct) -> None:
    typer.echo(encode(document))


def _run(coroutine: Coroutine[object, object, None]) -> None:
    from tradewind.app.engines import EngineError
    from tradewind.app.supervision import PartError

    try:
        asyncio.run(coroutine)
    except (EngineError, PartError, SettingError) as error:
        stop(str(error))


def _add_others(words: Sequence[str]) -> None:
    """Import the commands that these words name, or all where they name none: `serve` waits for none of them."""
    for name in [one for one in OTHERS if one in words] or ([] if "serve" in words else OTHERS):
        found = getattr(import_module(f"tradewind.app.commands.{OTHERS[name][0]}"), OTHERS[name][1])
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)


def main() -> None:
    """Run the command line."""
    _add_others(sys.argv[1:])
    app(prog_name="tradewind")


if __name__ == "__main__":
    main()
