"""`tradewind lists`: what lies elsewhere a second time, made anew: customers' lists, the stock, order search."""

from typing import Annotated, cast

import msgspec
import typer

from tradewind.app.commands.ending import stop
from tradewind.app.commands.operators import outcome
from tradewind.app.engines import engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop, open_shop
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

    The shop may run meanwhile. Until it is done Postgres answers, or the index for searching that there was. With
    --json: {"rebuilt": true}. Running it again, also after it was cut off, gives the same; a worker goes on where it
    was cut off.
    """
    if not outcome(_rebuild):
        stop(NONE_KEPT)
    typer.echo(
        msgspec.json.encode({"rebuilt": True}) if json else "customers' lists, the stock and search are as the log is"
    )


async def _rebuild(settings: Settings) -> bool:
    async with engines(settings) as found:
        await migrate_shop(found.database_url)
        async with open_shop(settings, found, connections=2, listens=False) as shop:
            peers = shop.db.peers
            lists = await rebuild_lists(shop.db, cast(OrderLists, peers[OrderLists]))
            stock = lists and await rebuild_snapshot(shop.db, cast(StockSnapshot, peers[StockSnapshot]))
            search = await rebuild_search(shop.db, cast(OrderSearch, peers[OrderSearch]))
            return stock or search
