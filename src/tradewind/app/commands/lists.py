"""`tradewind lists`: what lies elsewhere a second time, made anew: customers' lists, the stock, order search."""

from collections.abc import Sequence
from typing import Annotated, cast

import msgspec
import typer

from tradewind.app.commands.ending import stop
from tradewind.app.commands.operators import outcome_on_all
from tradewind.app.placement import INVENTORY, installed
from tradewind.app.wiring import Shop
from tradewind.contexts.inventory.manifest import rebuild_snapshot
from tradewind.contexts.orders.manifest import rebuild_lists, rebuild_search
from tradewind.ports.order_lists import OrderLists
from tradewind.ports.order_search import OrderSearch
from tradewind.ports.stock_snapshots import StockSnapshot

app = typer.Typer(no_args_is_help=True, help="Copies on Cassandra and OpenSearch: lists of orders, stock, search.")
NONE_KEPT = (
    "TRADEWIND_CASSANDRA_SERVERS names no Cassandra and TRADEWIND_OPENSEARCH_URL no OpenSearch; customers' lists, the "
    "stock and what staff searches are in Postgres alone."
)


@app.callback()
def _lists() -> None:
    """Customers' lists of orders and the snapshot of stock on Cassandra, the search for orders on OpenSearch."""


@app.command()
def rebuild(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a line.")] = False,
) -> None:
    """Make customers' lists and the snapshot of stock on Cassandra, and order search on OpenSearch, anew.

    The shop may run meanwhile. Until it is done Postgres answers, or the index for searching that there was. Where
    inventory is apart its stock is taken out of its own database (TRADEWIND_INVENTORY_DATABASE_URL). With --json:
    {"rebuilt": true}. Running it again, also after it was cut off, gives the same; a worker goes on where it was cut
    off.
    """
    if not outcome_on_all(_rebuild, (INVENTORY,), listens=False):
        stop(NONE_KEPT)
    typer.echo(
        msgspec.json.encode({"rebuilt": True}) if json else "customers' lists, the stock and search are as the log is"
    )


async def _rebuild(shops: Sequence[Shop]) -> bool:
    """Each copy out of the database that has its context: only there is the log that it is to be as."""
    kept = False
    for shop in shops:
        peers, there = shop.db.peers, installed(shop.settings)
        if "orders" in there:
            kept |= await rebuild_lists(shop.db, cast(OrderLists, peers[OrderLists]))
            kept |= await rebuild_search(shop.db, cast(OrderSearch, peers[OrderSearch]))
        if INVENTORY in there:
            kept |= await rebuild_snapshot(shop.db, cast(StockSnapshot, peers[StockSnapshot]))
    return kept
