"""A flash sale that starts, on the wires of a thousand clients: python -m bench --only flash.

Edge, worker, Postgres and all clients share this machine, and its clock. A sale is planned ahead; what is measured is
the time from its moment until each client has read the event, and until then from the birth of the event in the log.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec

from bench.over_http import LOOPBACK
from bench.parts import Place, answering, appearing, running
from tradewind.app.bench.driving import percentile
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.told import READY_FILE
from tradewind.app.wiring import Shop, migrate_shop, open_shop
from tradewind.contexts.catalog.manifest import CreateProduct
from tradewind.contexts.pricing.manifest import EndFlashSale, StartFlashSale
from tradewind.kernel.clock import now
from tradewind.kernel.money import Money
from tradewind.runtime.call import internal_call

SKU: Final = "BENCH-SALE"
AHEAD: Final = timedelta(seconds=0.5)
HEARD_WITHIN_S: Final = 30.0
GOAL_MS: Final = 1000.0
STARTED: Final = b"event: flash_sale.started"
BORN: Final = """
    SELECT extract(epoch FROM occurred_at)::float8 FROM runtime.outbox
    WHERE type = 'ecommerce.pricing.flash_sale.started.v1' AND key = $1
"""
Say = Callable[[str], None]


class Client:
    """One that follows, and notes when it read that a sale started."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self.heard: asyncio.Queue[tuple[str, float]] = asyncio.Queue()

    async def read(self) -> None:
        """Read for good."""
        started = False
        while line := await self._reader.readline():
            if line.startswith(b"data:") and started:
                at_s = now().timestamp()
                self.heard.put_nowait((msgspec.json.decode(line[5:])["saleId"], at_s))
            started = line.startswith(STARTED)


@asynccontextmanager
async def clients(port: int, count: int) -> AsyncIterator[list[Client]]:
    """So many that follow the sales of the edge at `port`."""
    async with AsyncExitStack() as stack:
        found, tasks = list[Client](), list[asyncio.Task[None]]()
        stack.callback(lambda: [task.cancel() for task in tasks])
        for _ in range(count):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            stack.callback(writer.close)
            writer.write(b"GET /sse/flash-sales HTTP/1.1\r\nHost: bench\r\n\r\n")
            assert b" 200 " in await reader.readline(), "the edge refused a stream"
            found.append(Client(reader, writer))
            tasks.append(asyncio.create_task(found[-1].read()))
        yield found


@asynccontextmanager
async def served(settings: Settings, shops: Any) -> AsyncIterator[int]:
    """Edge and worker on that database; the edge's port."""
    place = Place(settings, shops, free_port(LOOPBACK))
    ready = settings.home / "run" / "bench-ready"
    async with (
        running(["tradewind.app.edge"], place.environment()),
        running(["tradewind.app.worker"], place.environment(**{READY_FILE: str(ready)})),
    ):
        await answering(f"http://{LOOPBACK}:{place.port}/health/ready")
        await appearing(ready)
        yield place.port


async def one_sale(shop: Shop, following: Sequence[Client], connection: Any) -> tuple[list[float], list[float]]:
    """Plan a sale, wait until everybody has heard that it started, end it; milliseconds from its moment, and birth."""
    call = internal_call("bench")
    starts_at: datetime = now() + AHEAD
    amount, ends_at = Money(500, "EUR").amount, starts_at + timedelta(hours=1)
    plan = StartFlashSale(sku=SKU, price=amount, quantity=100, per_buyer=2, starts_at=starts_at, ends_at=ends_at)
    sale = await shop.dispatch(plan, call)
    async with asyncio.timeout(HEARD_WITHIN_S):
        heard = [await client.heard.get() for client in following]
    assert {sale_id for sale_id, _ in heard} == {str(sale.id)}, "everybody hears of this sale, once"
    born_s = await connection.fetchval(BORN, str(sale.id))
    await shop.dispatch(EndFlashSale(sale_id=sale.id), call)
    moment_s = starts_at.timestamp()
    return [(at_s - moment_s) * 1000 for _, at_s in heard], [(at_s - born_s) * 1000 for _, at_s in heard]


async def measure(
    settings: Settings, found: Engines, count: int, sales: int, say: Say
) -> tuple[list[Goal], list[Figure]]:
    """All sales, one after the other."""
    from_moment, from_birth = list[float](), list[float]()
    async with own_database(found) as shops:
        await migrate_shop(shops.database_url)
        async with open_shop(settings, shops, connections=4) as shop, served(settings, shops) as port:
            product = CreateProduct(
                sku=SKU, name=SKU, category="bench", amount=Money(1999, "EUR").amount, currency="EUR"
            )
            await shop.dispatch(product, internal_call("bench"))
            connection: Any = await asyncpg.connect(shops.database_url)
            async with clients(port, count) as following:
                say(f"{count:,} clients follow")
                for number in range(sales):
                    moment, birth = await one_sale(shop, following, connection)
                    from_moment += moment
                    from_birth += birth
                    say(f"  sale {number + 1}: p99 {percentile(sorted(moment), 0.99):.0f} ms from its moment, "
                        f"{percentile(sorted(birth), 0.99):.0f} ms from the event's birth")  # fmt: skip
            await connection.close()
    return findings(from_moment, from_birth, count)


def findings(from_moment: list[float], from_birth: list[float], count: int) -> tuple[list[Goal], list[Figure]]:
    """What was measured against what was aimed at."""
    from_moment.sort()
    from_birth.sort()
    what = f"sale started, on the wire of each of {count:,} clients"
    goals = [Goal(what=f"{what}, p99", aim=GOAL_MS, measured=percentile(from_moment, 0.99), unit="ms")]
    figures = [
        Figure(what=f"{what}, p50", measured=percentile(from_moment, 0.5), unit="ms"),
        Figure(what=f"{what}, the slowest", measured=from_moment[-1], unit="ms"),
        Figure(what="of that, from the event's birth, p99", measured=percentile(from_birth, 0.99), unit="ms"),
    ]
    return goals, figures
