"""One process that asks as fast as it can once told to, and says how often it was admitted: URL SPACE LIMIT TRIES."""

import asyncio
import sys

from tradewind.adapters.rates.redis import RedisWindows
from tradewind.adapters.redis.link import Link
from tradewind.api.rest.rates import RATES, Rate, RateLimits


async def main(url: str, space: str, limit: int, tries: int) -> None:
    """Ask `tries` times; a window long enough that the test does not cross its end."""
    shared = RedisWindows(Link(url, "rates", answer_s=10.0), space, clock=lambda: 600.0)
    rates = RateLimits({**RATES, "read": Rate(limit, limit, 3600)}, shared=shared)
    await rates.of_client("read", "nobody")  # connected
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    admitted = 0
    for _ in range(tries):
        admitted += (await rates.of_client("read", "somebody")).left >= 0
    await shared.close()
    sys.stdout.write(f"{admitted}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
