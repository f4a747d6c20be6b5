"""How old a cached product may be: its price changes while many read it; how soon does the shop show the new one?

What is measured is the time from the answer to the change until the first read over HTTP that shows it.
"""

import asyncio
import re
from collections.abc import Sequence
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Final
from uuid import UUID

import aiohttp
import msgspec

from bench.visiting import READ, Errand, visits
from tradewind.app.bench.driving import percentile
from tradewind.app.bench.report import Figure
from tradewind.app.wiring import Shop
from tradewind.contexts.pricing.manifest import SetPrice
from tradewind.runtime.call import internal_call

CHANGES: Final = 40
SHOWN_WITHIN_S: Final = 10.0
_RATIO: Final = re.compile(r"^product_cache_hit_ratio(?:\{[^}]*\})? ([0-9.e+-]+)$", re.MULTILINE)


async def hit_ratio(base: str) -> float:
    """What the edge at `base` says of its reads of products since it began."""
    async with aiohttp.ClientSession() as client, client.get(f"{base}/metrics") as answer:
        found = _RATIO.search(await answer.text())
    return float(found[1]) if found else 0.0


async def staleness(shop: Shop, port: int, ids: Sequence[UUID], rate: float) -> list[Figure]:
    """Change prices, one after the other, while the products are read at `rate`."""
    base = f"http://127.0.0.1:{port}"
    paths = [f"/api/v1/products/{one}" for one in ids]
    reading = Errand(port=port, what=READ, paths=paths, count=int(rate * CHANGES * 0.25), rate=rate)
    load = asyncio.create_task(visits(reading))
    waited_ms = []
    async with aiohttp.ClientSession(base) as client:
        for number in range(CHANGES):
            product_id, amount = ids[number % len(ids)], Decimal(1000 + number) / 100
            currency = (await _price(client, product_id))[1]
            await shop.dispatch(
                SetPrice(product_id=product_id, amount=amount, currency=currency, reason="bench"),
                internal_call("bench"),
            )
            began = perf_counter()
            async with asyncio.timeout(SHOWN_WITHIN_S):
                while (await _price(client, product_id))[0] != amount:  # noqa: ASYNC110 -- another process
                    await asyncio.sleep(0.001)
            waited_ms.append((perf_counter() - began) * 1000)
    await load
    waited_ms.sort()
    return [
        Figure(what="product cache, hit ratio of the whole bench", measured=100 * await hit_ratio(base), unit="%"),
        Figure(what="price changed until a cached read shows it, p50", measured=median(waited_ms), unit="ms"),
        Figure(what="price changed until a cached read shows it, p95", measured=percentile(waited_ms, 0.95), unit="ms"),
    ]


async def _price(client: aiohttp.ClientSession, product_id: UUID) -> tuple[Decimal, str]:
    async with client.get(f"/api/v1/products/{product_id}") as answer:
        price = msgspec.json.decode(await answer.read(), type=dict)["price"]
    return Decimal(str(price["amount"])), price["currency"]
