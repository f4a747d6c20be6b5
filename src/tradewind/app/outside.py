"""What contexts ask for beside each other: which adapter answers behind each port, by the owner's settings."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from tradewind.adapters.ai.openai_protocol import ai_provider
from tradewind.adapters.carrier.notices import SignedNotices
from tradewind.adapters.carrier.rest import rest_carrier
from tradewind.adapters.carrier.simulated import SimulatedCarrier
from tradewind.adapters.columns.duckdb import DuckDbColumns
from tradewind.adapters.documents.postgres import PostgresDocuments
from tradewind.adapters.mail.folder import FolderMail
from tradewind.adapters.order_lists.rows import RowsAlone as OwnRows
from tradewind.adapters.order_search.rows import RowsAlone as OwnOrders
from tradewind.adapters.retry_queue.rows import RowsAlone
from tradewind.adapters.search import tantivy
from tradewind.adapters.stock_snapshots.rows import RowsAlone as OwnStock
from tradewind.adapters.texting.apart import Apart
from tradewind.adapters.texting.fcm import ServiceAccount, fcm_notes
from tradewind.adapters.texting.folder import FolderTexts
from tradewind.adapters.texting.http import http_texts
from tradewind.adapters.warehouse_system.rest import rest_warehouse
from tradewind.adapters.warehouse_system.simulated import SimulatedWarehouse
from tradewind.app.engines import EngineError
from tradewind.app.flagging import flags
from tradewind.app.privacy.holders import Holders
from tradewind.app.privacy.pseudonyms import KeyedPseudonyms
from tradewind.app.settings import Settings
from tradewind.contexts.catalog.manifest import MediaFolder
from tradewind.contexts.notifications.manifest import PublicUrl
from tradewind.contexts.returns.manifest import ReturnAddress
from tradewind.contexts.webhooks.manifest import Door, SecretSeal, door
from tradewind.contracts.privacy import PersonalDataPeer, Pseudonyms
from tradewind.ports.ai import AiProvider
from tradewind.ports.carrier import Carrier, Carriers, NoticeReader
from tradewind.ports.documents import Documents
from tradewind.ports.flags import Flags
from tradewind.ports.mail import Mailer
from tradewind.ports.order_lists import OrderLists
from tradewind.ports.order_search import OrderSearch
from tradewind.ports.retry_queue import RetryQueue
from tradewind.ports.search import ProductIndex
from tradewind.ports.stock_snapshots import StockSnapshot
from tradewind.ports.texting import Texter
from tradewind.ports.warehouse_system import WarehouseSystem
from tradewind.runtime.manifest import Manifest

if TYPE_CHECKING:
    from tradewind.adapters.columns.clickhouse import ClickHouseColumns


def _mailer(settings: Settings) -> Mailer:
    """Whoever carries mails: the owner's server, or a folder of the home."""
    if settings.smtp_url is None:
        return FolderMail(settings.home / "mail")
    from tradewind.adapters.mail.smtp import SmtpMail

    return SmtpMail(settings.smtp_url, sender=settings.mail_sender)


@asynccontextmanager
async def _texter(settings: Settings) -> AsyncIterator[Texter]:
    """Whoever carries texts: the owner's carriers, or a folder of the home."""
    async with AsyncExitStack() as stack:
        texts: Texter = FolderTexts(settings.home / "texts")
        if settings.texts_url is not None:
            texts = await stack.enter_async_context(http_texts(settings.texts_url, settings.texts_key))
        if settings.push_account is not None:
            try:
                account = ServiceAccount.read(settings.push_account)
            except ValueError as reason:
                raise EngineError(f"TRADEWIND_PUSH_ACCOUNT {reason}") from None
            texts = Apart(texts, await stack.enter_async_context(fcm_notes(account)))
        yield texts


@asynccontextmanager
async def _carriers(settings: Settings) -> AsyncIterator[Carriers]:
    """Whoever carries parcels: the simulated one, and the owner's."""
    by_name: dict[str, Carrier] = {"simulated": SimulatedCarrier(settings.home / "carrier")}
    readers: dict[str, NoticeReader] = {}
    if settings.carrier_secret is not None:
        readers["rest"] = SignedNotices(settings.carrier_secret)
    async with AsyncExitStack() as stack:
        if settings.carrier_url is not None:
            carrier = rest_carrier(settings.carrier_url, settings.carrier_key)
            by_name["rest"] = await stack.enter_async_context(carrier)
        yield Carriers(by_name, readers)


@asynccontextmanager
async def _warehouse(settings: Settings) -> AsyncIterator[WarehouseSystem]:
    """Whoever picks what is handed over: the owner's system, or the simulated one."""
    if settings.wms_url is None:
        yield SimulatedWarehouse(settings.home / "warehouse")
        return
    async with rest_warehouse(settings.wms_url, settings.wms_key) as system:
        yield system


def columns(settings: Settings, which: str) -> "DuckDbColumns | ClickHouseColumns":
    """Where the star schema of the database that `which` names lies: the owner's ClickHouse, or a file of the home."""
    if settings.clickhouse_url is None:
        return DuckDbColumns(settings.home / "columns" / which)
    from tradewind.adapters.columns.clickhouse import ClickHouseColumns

    return ClickHouseColumns(settings.clickhouse_url, f"tradewind_{which}".replace("-", "_"))


@asynccontextmanager
async def retry_queue(settings: Settings, which: str) -> AsyncIterator[RetryQueue]:
    """Where retries of the database that `which` names wait: the owner's RabbitMQ, or their rows alone."""
    if settings.rabbitmq_url is None:
        yield RowsAlone()
        return
    from tradewind.adapters.retry_queue.rabbitmq import RabbitRetryQueue

    queue = RabbitRetryQueue(settings.rabbitmq_url, f"tradewind.{which}.webhooks")
    try:
        yield queue
    finally:
        await queue.close()


@asynccontextmanager
async def wide_rows(settings: Settings, which: str) -> AsyncIterator[dict[type, object]]:
    """Where customers' orders and the stock lie a second time: the owner's Cassandra; without one rows are alone."""
    if settings.cassandra_servers is None:
        yield {OrderLists: OwnRows(), StockSnapshot: OwnStock()}
        return
    from tradewind.adapters.cassandra.link import Link
    from tradewind.adapters.order_lists import cassandra as orders
    from tradewind.adapters.stock_snapshots import cassandra as stock

    login = (settings.cassandra_user, settings.cassandra_password or "") if settings.cassandra_user else None
    tables = (*orders.TABLES, *stock.TABLES)
    link = Link(settings.cassandra_servers, f"tradewind_{which}".replace("-", "_"), tables, login=login)
    try:
        yield {OrderLists: orders.CassandraOrderLists(link), StockSnapshot: stock.CassandraStockSnapshot(link)}
    finally:
        await link.close()


@asynccontextmanager
async def documents(settings: Settings, which: str, pool: Any) -> AsyncIterator[Documents]:
    """Where messages lie as documents: the owner's MongoDB, or the shop's own Postgres, by `pool`."""
    if settings.mongodb_url is None:
        yield PostgresDocuments(pool)
        return
    from tradewind.adapters.documents.mongodb import MongoDocuments

    kept = MongoDocuments(settings.mongodb_url, f"tradewind_{which}")
    try:
        yield kept
    finally:
        await kept.close()


def product_index(settings: Settings, database: str) -> AbstractAsyncContextManager[ProductIndex]:
    """Where products are found: the owner's OpenSearch, or a folder of the home; apart for each database."""
    home, synonyms = settings.home / "search" / database, settings.home / "synonyms.txt"
    if settings.opensearch_url is None:
        return tantivy.product_index(home, synonyms)
    from tradewind.adapters.search.opensearch import index

    return index.product_index(settings.opensearch_url, database, home, synonyms)


@asynccontextmanager
async def order_search(settings: Settings, database: str) -> AsyncIterator[OrderSearch]:
    """Where staff finds orders: the owner's OpenSearch, or the rows alone; apart for each database."""
    if settings.opensearch_url is None:
        yield OwnOrders()
        return
    from tradewind.adapters.order_search import opensearch

    async with opensearch.order_search(settings.opensearch_url, database) as found:
        yield found


async def of_this_process(
    settings: Settings, contexts: Sequence[Manifest], stack: AsyncExitStack
) -> dict[type, object]:
    """What contexts ask for beside each other: clients of others, folders, keys, what a process keeps to itself."""
    secrets = settings.home / "secrets"
    return {
        MediaFolder: MediaFolder(settings.home / "media"),
        Mailer: _mailer(settings),
        Texter: await stack.enter_async_context(_texter(settings)),
        Carriers: await stack.enter_async_context(_carriers(settings)),
        WarehouseSystem: await stack.enter_async_context(_warehouse(settings)),
        ReturnAddress: ReturnAddress(settings.return_address),
        PublicUrl: PublicUrl(settings.public_url),
        Pseudonyms: KeyedPseudonyms.open(secrets),
        PersonalDataPeer: Holders(contexts),
        SecretSeal: SecretSeal.open(secrets),
        Door: await stack.enter_async_context(door(settings.webhook_allow)),
        Flags: await stack.enter_async_context(flags(settings)),
        **{protocol: make() for one in contexts for protocol, make in one.parts.items()},
        AiProvider: await stack.enter_async_context(
            ai_provider(settings.ai_url, settings.ai_key, settings.ai_model, settings.ai_meaning_model)
        ),
    }
