"""Buyers who also look around, and how each of their questions was answered, phase by phase."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import aiohttp

from tests.chaos.served import Crowd, Wish
from tradewind.app.told import SAMPLE_SKU

VISITORS: Final = 4
PACE_S: Final = 0.2
"""Between an order and the next of the same buyer."""
OUTAGE_S: Final = float(os.environ.get("TRADEWIND_CHAOS_OUTAGE_S", "3"))
"""How long an engine that was killed is away."""
SHORT_S: Final = min(OUTAGE_S, 10.0)
"""How long everything else lasts that happens to it."""
UNDISTURBED: Final = "undisturbed"
ORDERS: Final = "orders"
LOOKS: Final = {
    "search": "/api/v1/products/search?q=compass",
    "lists": "/api/v1/orders?limit=5",
    "product": f"/api/v1/products/by-sku/{SAMPLE_SKU}",
}
"""What else is asked for between two orders."""


@dataclass(frozen=True)
class Answers:
    """Of one kind of question in one phase."""

    took_ms: Sequence[float]
    """Of those that were answered with 2xx."""
    failed: int

    def __str__(self) -> str:
        asked = len(self.took_ms) + self.failed
        if not self.took_ms:
            return f"{asked}/{self.failed}/-"
        p95 = sorted(self.took_ms)[int(len(self.took_ms) * 0.95)]
        return f"{asked}/{self.failed}/{p95:.0f}"


@dataclass
class Visitors(Crowd):
    """`phase` is what everything counts for that is asked now."""

    phase: str = UNDISTURBED
    _took: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    _failed: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def answers(self, phase: str) -> dict[str, Answers]:
        """By kind of question."""
        return {kind: Answers(self._took[phase, kind], self._failed[phase, kind]) for kind in (ORDERS, *LOOKS)}

    async def shop(self) -> None:
        """Buy and look around until `close`."""
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
            await asyncio.gather(*(self._visit(http, number) for number in range(VISITORS)))

    async def _visit(self, http: aiohttp.ClientSession, number: int) -> None:
        guest = await self._insist(http, "/api/v1/auth/guest", None, {}, Wish("guest"))
        headers = {"Authorization": f"Bearer {guest['access_token']}"}
        while not self._closing:
            await self._buy_one(http, number, headers)
            for kind, path in LOOKS.items():
                await self._look(http, kind, path, headers)
            await asyncio.sleep(PACE_S)

    async def _look(self, http: aiohttp.ClientSession, kind: str, path: str, headers: Mapping[str, str]) -> None:
        """Once: who only looks does not insist."""
        phase, began = self.phase, monotonic()
        try:
            async with http.get(self.url + path, headers=headers) as response:
                await response.read()
                answered = response.status < 300
                if response.status < 500 and not answered:
                    self.unexpected.append(f"{path}: {response.status}")
        except (aiohttp.ClientError, TimeoutError):
            answered = False
        self._note(phase, kind, began, answered=answered)

    async def _try(
        self, http: aiohttp.ClientSession, path: str, body: Any, headers: Mapping[str, str], wish: Wish
    ) -> Any:
        phase, began = self.phase, monotonic()
        answer = await super()._try(http, path, body, headers, wish)
        if "Idempotency-Key" in headers:
            self._note(phase, ORDERS, began, answered=answer is not None)
        return answer

    def _note(self, phase: str, kind: str, began: float, *, answered: bool) -> None:
        if answered:
            self._took[phase, kind].append((monotonic() - began) * 1_000)
        else:
            self._failed[phase, kind] += 1
