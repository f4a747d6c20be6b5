"""Clients who reserve, confirm, give back, adjust and read a shelf over HTTP, and note what they saw and when."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import aiohttp

from tests.chaos.linearizability import NEVER, Operation
from tradewind.kernel.ids import new_id

MOST: Final = 3
"""Pieces that one reservation wants, at most."""
AGAIN_S: Final = 0.02
"""Pause of a client whom nobody answered."""
KEYED: Final = 0.8
"""Adjustments that carry an Idempotency-Key, of all."""
IN_FLIGHT: Final = "/problems/in-flight"
BROKEN: Final = 0
"""Stands for the status of whoever was never answered."""
TRIES: Final = 200
HELD_AT_ONCE: Final = 2
"""Reservations that one client keeps before it lets one go."""


class Shelf(NamedTuple):
    """What there is of one SKU."""

    on_hand: int
    reserved: int


class Did(NamedTuple):
    """What was done to a shelf, and what was seen after it; `seen` is None where the answer does not say."""

    on_hand: int = 0
    reserved: int = 0
    """By how much the numbers change."""
    refused: bool = False
    """Not done, because there was not enough."""
    seen: Shelf | None = None


def step(shelf: Shelf, did: Did) -> Shelf | None:
    """The shelf after it; None where a shelf that stands so would not have said so."""
    after = Shelf(shelf.on_hand + did.on_hand, shelf.reserved + did.reserved)
    fits = 0 <= after.reserved <= after.on_hand
    if did.refused:
        return None if fits else shelf
    return after if fits and did.seen in (None, after) else None


@dataclass
class Client:
    """One after the other does something to one of `skus` at one of `urls`; `history` is by SKU."""

    http: aiohttp.ClientSession
    urls: Sequence[str]
    token: str
    chance: random.Random
    history: Mapping[str, list[Operation[Did]]]
    held: list[tuple[str, str, int]] = field(default_factory=list)
    """Reservations of ours: id, SKU, pieces."""

    async def act(self) -> None:
        """Do one thing, and note it."""
        sku = self.chance.choice(list(self.history))
        if len(self.held) > HELD_AT_ONCE or (self.held and self.chance.random() < 0.3):
            await self._let_go()
            return
        kind = self.chance.choices((self._reserve, self._adjust, self._read), (6, 2, 2))[0]
        await kind(sku)

    async def _reserve(self, sku: str) -> None:
        pieces, mine = self.chance.randint(1, MOST), str(new_id())
        body = {"id": mine, "items": [{"sku": sku, "qty": pieces}]}
        began = _now()
        status, _ = await self._insist("/api/v1/inventory/reservations", body)
        assert status in (201, 409, BROKEN), status
        self._note(sku, began, Did(reserved=pieces, refused=status == 409), status)
        if status == 201:
            self.held.append((mine, sku, pieces))

    async def _let_go(self) -> None:
        """Confirm one, or cancel it."""
        mine, sku, pieces = self.held.pop(self.chance.randrange(len(self.held)))
        confirms = self.chance.random() < 0.5
        began = _now()
        status, _ = await self._insist(f"/api/v1/inventory/reservations/{mine}/{'confirm' if confirms else 'cancel'}")
        assert status in (200, 204, BROKEN), status
        self._note(sku, began, Did(on_hand=-pieces if confirms else 0, reserved=-pieces), status)

    async def _adjust(self, sku: str) -> None:
        """Mostly under a key, so that it may be asked again; without one, who gets no answer does not know."""
        delta = self.chance.choice((-2, -1, 1, 2, 3))
        path, body = f"/api/v1/inventory/{sku}/adjustments", {"delta": delta, "reason": "counted"}
        keyed = self.chance.random() < KEYED
        began = _now()
        try:
            status, told = await (self._insist(path, body, str(new_id())) if keyed else self._ask("POST", path, body))
        except aiohttp.ClientConnectorError:
            return  # it was asked of nobody
        except (aiohttp.ClientError, TimeoutError):
            status, told = BROKEN, None
        assert status in (201, 409, 422, BROKEN), (status, told)
        seen = _shelf(told) if status == 201 else None
        self._note(sku, began, Did(on_hand=delta, refused=status in (409, 422), seen=seen), status)

    async def _read(self, sku: str) -> None:
        began = _now()
        try:
            status, told = await self._ask("GET", f"/api/v1/inventory/{sku}")
        except (aiohttp.ClientError, TimeoutError):
            return
        assert status == 200, status
        self._note(sku, began, Did(seen=_shelf(told)))

    async def _insist(self, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        """Ask until somebody answers: what is asked here may be asked any number of times. BROKEN where nobody can."""
        for _ in range(TRIES):
            try:
                status, told = await self._ask("POST", path, body, key)
                if status != 409 or told["type"] != IN_FLIGHT:
                    return status, told
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(AGAIN_S)
        return BROKEN, None

    async def _ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        url = self.chance.choice(self.urls) + path
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            if answer.status >= 500:
                answer.raise_for_status()
            told = await answer.json(content_type=None) if answer.status != 204 else None
            return answer.status, told

    def _note(self, sku: str, began: float, did: Did, status: int = 200) -> None:
        self.history[sku].append(Operation(began, NEVER if status == BROKEN else _now(), did))


def _shelf(told: Mapping[str, int]) -> Shelf:
    return Shelf(told["onHand"], told["reserved"])


def _now() -> float:
    return asyncio.get_running_loop().time()
