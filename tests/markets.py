"""Markets: shops that are served by processes of their own, and people who speak HTTP to them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import httpx2
import pytest
import pytest_asyncio

from tests.shops import _database, until, working
from tradewind.adapters.database.privileges import die_with_parent
from tradewind.app.audit import audit
from tradewind.app.edge import rest_app
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop, create_first_admin, open_shop
from tradewind.contexts.orders.manifest import Placement
from tradewind.contracts.identity import SCOPES
from tradewind.kernel.ids import new_id
from tradewind.ports.search import ProductDocument, ProductIndex

HOST: Final = "127.0.0.1"
PASSWORD: Final = "the first word that came to mind"
PROVIDER_TIMEOUT_S: Final = 0.5
"""Short, so that a provider that never answers does not hold up the tests."""
DIGEST: Final = """
    CREATE FUNCTION public.digest_of(name regclass) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE found text;
    BEGIN
        EXECUTE 'SELECT count(*) || '':'' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM ' || name || ' AS t'
        INTO found;
        RETURN found;
    END $$
"""
CONTENT: Final = """
    SELECT relid::regclass::text AS name, public.digest_of(relid::regclass) AS digest FROM pg_stat_user_tables
"""
OUTBOX: Final = """
    SELECT type, correlation_id, trace_id, payload::text AS payload FROM runtime.outbox WHERE key = $1 ORDER BY position
"""
_serial = count(1)


@dataclass
class Person:
    """Somebody who speaks HTTP, with a token or without."""

    http: httpx2.AsyncClient
    token: str | None = None
    subject: str = "anonymous"

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Ask; underscores in `headers` are dashes on the wire."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named.setdefault("Authorization", f"Bearer {self.token}")
        return await self.http.request(method, path, json=body, headers=named)

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        """Look at something."""
        return await self.send("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Do something."""
        return await self.send("POST", path, body, **headers)

    async def order(self, sku: str, qty: int = 1, *, pays: str | None = "approve", **more: Any) -> httpx2.Response:
        """Order one thing and wait until it is settled, if it settles soon; `pays` is the simulated method's name."""
        body = {"items": [{"sku": sku, "qty": qty}], "shippingAddress": {"country": "GB"}, **more}
        if pays is None:
            return await self.post("/api/v1/orders", body)
        body["paymentMethod"] = f"simulated:{pays}"
        return await self.post("/api/v1/orders", body, Prefer="wait=20")


@dataclass
class Market:
    """A served shop. `shop` is the same one seen from within: its database, its keys, its bell."""

    shop: Shop
    http: httpx2.AsyncClient
    folder: Path
    """Where its processes write their logs."""
    environment: dict[str, str] = field(default_factory=dict)
    """What a process needs to join it."""
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """Its processes, by the address they were given."""
    urls: list[str] = field(default_factory=list)
    """The addresses of its first edges."""
    writing: frozenset[str] = frozenset(("edge", "worker"))
    """What those of its processes that an order passes through call themselves in their logs."""
    placed: str = "PENDING_PAYMENT"
    """The status of an order that was placed this moment, and says nothing of how it is paid."""

    def somebody(self, *roles: str, subject: str | None = None) -> Person:
        """Somebody new with these roles (a guest where none is named)."""
        names, who = roles or ("guest",), subject or f"{(roles or ('guest',))[0]}-{new_id()}"
        scopes = tuple(dict.fromkeys(scope for role in names for scope in SCOPES[role]))
        token = self.shop.keys.sign(subject=who, roles=names, scopes=scopes, tenant="default", lifetime_s=3600)
        return Person(self.http, token, who)

    @property
    def nobody(self) -> Person:
        """Somebody without a token."""
        return Person(self.http)

    @property
    def admin(self) -> Person:
        """Somebody who may do everything."""
        return self.somebody("admin", subject="admin-of-tests")

    async def goods(self, stock: int, price: str = "12.50", currency: str = "EUR") -> str:
        """A new product with so many on the shelf; its SKU."""
        sku, admin = f"TEST-{os.getpid()}-{next(_serial)}", self.admin
        body = {
            "sku": sku,
            "name": "A thing",
            "category": "things",
            "price": {"amount": float(price), "currency": currency},
        }
        made = await admin.post("/api/v1/products", body)
        assert made.status_code == 201, made.text
        if stock:
            booked = await admin.post(f"/api/v1/inventory/{sku}/adjustments", {"delta": stock, "reason": "delivery"})
            assert booked.status_code == 201, booked.text
        return sku

    async def stock(self, sku: str) -> tuple[int, int]:
        """On hand and reserved, as the rows say: shoppers may see what was kept a moment ago."""
        found = (await self.admin.get(f"/api/v1/inventory/{sku}")).json()
        return found["onHand"], found["reserved"]

    async def comes_to(self, person: Person, order_id: str, *statuses: str) -> dict[str, Any]:
        """The order, once it has one of these statuses."""

        async def look() -> dict[str, Any] | None:
            found: dict[str, Any] = (await person.get(f"/api/v1/orders/{order_id}")).json()
            return found if found["status"] in statuses else None

        order: dict[str, Any] = await self.sees(look)
        return order

    async def cannot_have(self, person: Person, answer: httpx2.Response) -> None:
        """Who ordered what is not there has been told so."""
        assert answer.status_code == 409, answer.text

    async def sees(self, look: Callable[[], Awaitable[Any]]) -> Any:
        """What `look` finds, as soon as it finds something."""
        return await until(self.shop, look)

    @property
    def stock_pool(self) -> Any:
        """The database in which inventory keeps its rows."""
        return self.shop.db.pool

    @property
    def money_pool(self) -> Any:
        """The database in which payments keeps its rows."""
        return self.shop.db.pool

    async def audited(self, settle_s: float, *, money: bool = True) -> list[str]:
        """What the auditor finds wrong once everything has come to rest; `money`: in the provider's books, too."""
        engines = self.shop.engines
        return (await audit(engines.database_url, engines.provider_url if money else None, settle_s=settle_s)).lines()

    @asynccontextmanager
    async def another_edge(self) -> AsyncIterator[str]:
        """One more address at which it answers, for as long as it is wanted."""
        async with run_part(self, "edge") as url:
            yield url

    def crowd(self, people: int) -> int:
        """As many of these as can ask it at once."""
        return people

    async def events(self, order_id: str) -> list[Any]:
        """The events of one order, in the order of the log."""
        return list(await self.shop.db.pool.fetch(OUTBOX, order_id))

    async def content(self) -> dict[str, str]:
        """How many rows each table has, and a digest of what they say."""
        return {row["name"]: row["digest"] for row in await self.shop.db.pool.fetch(CONTENT)}

    def logs(self) -> str:
        """All that its processes have logged."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))


def kinds(events: Sequence[Any]) -> list[str]:
    """The types of events without what they all share."""
    return [event["type"].removeprefix("ecommerce.").removesuffix(".v1") for event in events]


@asynccontextmanager
async def a_database(template: Engines) -> AsyncIterator[Engines]:
    """A copy of the template, made by a connection that leaves the template alone: others copy it meanwhile."""
    address = urlsplit(template.database_url)
    elsewhere = replace(template, database_url=urlunsplit(address._replace(path="/postgres")))
    async with _database(elsewhere, address.path[1:]) as found:
        yield found


@asynccontextmanager
async def open_market(
    settings: Settings,
    template: Engines,
    folder: Path,
    *,
    parts: Sequence[str] = ("edge", "worker"),
    bugs: str = "",
    more: Mapping[str, str] | None = None,
) -> AsyncIterator[Market]:
    """A market on a database of its own. `parts` are started in this order; `bugs` are planted in all of them.

    `more`: settings of its processes beside those that every market has.
    """
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(a_database(template))
        shop = await stack.enter_async_context(open_shop(settings, found, connections=4))
        await create_first_admin(shop.db, PASSWORD)
        await shop.db.pool.execute(DIGEST)
        limits = httpx2.Limits(max_connections=128)
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=60, limits=limits))
        environment = {**_environment(settings, found, folder, bugs), **(more or {})}
        market = Market(shop, http, folder, environment)
        for part in parts:
            url = await stack.enter_async_context(run_part(market, part))
            market.urls += [url] if part == "edge" else []
        http.base_url = httpx2.URL(market.urls[0])
        yield market


def _environment(settings: Settings, found: Engines, folder: Path, bugs: str) -> dict[str, str]:
    metrics = folder / "metrics"
    metrics.mkdir()
    planted = {"TRADEWIND_TEST_BUILD": "1", "TRADEWIND_PLANTED_BUGS": bugs} if bugs else {}
    return {
        **os.environ,
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_DATABASE_URL": found.database_url,
        "TRADEWIND_PROVIDER_URL": found.provider_url,
        "TRADEWIND_KAFKA_SERVERS": settings.kafka_servers or "",
        "TRADEWIND_CONNECT_URL": settings.connect_url or "",
        "TRADEWIND_PUBLIC_URL": settings.public_url,
        "TRADEWIND_PROVIDER_TIMEOUT_S": str(PROVIDER_TIMEOUT_S),
        "TRADEWIND_LOG_LEVEL": "debug",
        "TRADEWIND_RATE_LIMITS": "off",
        "TRADEWIND_WEBHOOK_ALLOW": ",".join(settings.webhook_allow),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        **planted,
    }


@asynccontextmanager
async def run_part(market: Market, part: str) -> AsyncIterator[str]:
    """Run one more edge or worker of `market`; the address of an edge, once it is ready."""
    port = free_port(HOST)
    environment = {**market.environment, "TRADEWIND_HOST": HOST, "TRADEWIND_PORT": str(port)}
    with (market.folder / f"{part}-{port}.log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", f"tradewind.app.{part}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=log,
            preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),  # noqa: PLW1509 -- takes no lock
        )
    url = f"http://{HOST}:{port}"
    market.children[url] = child
    try:
        if part == "edge":
            await _ready(market.http, f"{url}/health/ready", child)
        yield url
    finally:
        child.terminate()
        await asyncio.to_thread(child.wait, 30)


async def _ready(http: httpx2.AsyncClient, url: str, child: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(60):
        while True:
            assert child.poll() is None, f"the edge ended with {child.returncode}"
            try:
                if (await http.get(url)).status_code == 200:
                    return
            except httpx2.TransportError:
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="session")
async def one_market(
    settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Market]:
    """An edge and a worker, as `tradewind serve` runs them, that all tests of this run share."""
    async with open_market(settings, template, tmp_path_factory.mktemp("market")) as opened:
        yield opened


@pytest.fixture(scope="session")
def market(one_market: Market) -> Market:
    """The same; that of journeys is seven processes, too (tests/journeys/conftest.py)."""
    return one_market


@pytest_asyncio.fixture(scope="session")
async def quiet_market(
    settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Market]:
    """An edge without a worker: nothing is written but by who asks for it. Its search index is there, and empty."""
    async with open_market(settings, template, tmp_path_factory.mktemp("quiet"), parts=("edge",)) as opened:
        index: Any = opened.shop.db.peers[ProductIndex]
        await index.rebuild(_nothing())
        yield opened


async def _nothing() -> AsyncIterator[Sequence[ProductDocument]]:
    yield ()


@pytest_asyncio.fixture(scope="session")
async def apart_market(
    settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Market]:
    """A shop whose saga asks inventory for the goods, as where inventory runs apart; edge and worker in process."""
    quick = replace(settings, provider_timeout_s=PROVIDER_TIMEOUT_S)
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(a_database(template))
        placement: dict[type, object] = {Placement: Placement(in_place=False)}
        shop = await stack.enter_async_context(open_shop(quick, found, connections=12, instead=placement))
        await stack.enter_async_context(working(shop))
        transport: Any = httpx2.ASGITransport(app=rest_app(shop))
        http = await stack.enter_async_context(httpx2.AsyncClient(transport=transport, base_url="http://market.test"))
        yield Market(shop, http, tmp_path_factory.mktemp("apart"))


BY_SAGA: Final = ["apart_market", pytest.param("cluster_market", marks=pytest.mark.engine("kafka"))]
BY_SAGA_IDS: Final = ["held-by-the-saga", "seven"]


@pytest.fixture(params=BY_SAGA, ids=BY_SAGA_IDS)
def saga_market(request: pytest.FixtureRequest) -> Market:
    """Where an order's goods are held by its saga: in one process, and by another one."""
    found: Market = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["one_market", *BY_SAGA], ids=["held-when-placed", *BY_SAGA_IDS])
def either_market(request: pytest.FixtureRequest) -> Market:
    """Each way of holding an order's goods, one after the other."""
    found: Market = request.getfixturevalue(request.param)
    return found
