"""Load in a process of its own, as cheap as it can be made: requests are written before the clock starts.

Reads a Plan from standard input, writes a Result to standard output: python -m bench.load < plan > result
"""

import asyncio
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Final, cast

import msgspec
import uvloop
from msgspec import Struct

from tradewind.app.bench.driving import Run, run_of
from tradewind.app.bench.placing import ADDRESS, METHOD
from tradewind.app.bench.shelves import Basket, baskets
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id

_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_ID: Final = re.compile(rb'"id":"([0-9a-f-]{36})"')
HEAD_END: Final = b"\r\n\r\n"


class Plan(Struct, frozen=True, kw_only=True):
    """What to ask. `rate` is orders a second, at moments that do not wait for answers; 0: each connection asks on."""

    port: int
    path: str
    token: str
    skus: Sequence[str]
    count: int
    connections: int = 64
    rate: float = 0.0
    seed: int = 0


class Result(Struct, frozen=True, kw_only=True):
    """What came back. `asked_at`: when each accepted order was due to be asked for, in Unix seconds, by its id."""

    run: Run
    refused: dict[str, int]
    asked_at: dict[str, float]


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._buffer = b""
        self._due = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its type

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost()

    def ask(self, request: bytes, due: float) -> None:
        """Send; the answer is waited for from `due` on."""
        assert self._transport is not None, "connected before it is asked"
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data
        end = data.find(HEAD_END)
        length = _LENGTH.search(data, 0, end) if end >= 0 else None
        if length is None or len(data) < end + len(HEAD_END) + int(length[1]):
            self._buffer = data
            return
        self._buffer = b""
        self._load.answered(self, data, self._due)


class Load:
    """All connections, the requests that are left, and what came back."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = deque(_requests(plan))
        self._idle: list[Connection] = []
        self._late: deque[float] = deque()
        self._waited_s: list[float] = []
        self._refused: dict[str, int] = {}
        self._asked: dict[str, float] = {}
        self._left = plan.count
        self._done = asyncio.Event()
        self._lost = False

    async def run(self) -> Result:
        """Ask everything and wait for the last answer."""
        loop = asyncio.get_running_loop()
        for _ in range(self._plan.connections):
            _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._plan.port)
            self._idle.append(connection)
        wall = now().timestamp() - perf_counter()
        began = perf_counter()
        if self._plan.rate:
            await self._at_rate(began)
        else:
            while self._idle and self._requests:
                self._idle.pop().ask(self._requests.popleft(), perf_counter())
        await self._done.wait()
        seconds = perf_counter() - began
        if self._lost:
            sys.exit("a connection was lost")
        asked_at = {order: at + wall for order, at in self._asked.items()}
        return Result(run=run_of(seconds, self._waited_s), refused=self._refused, asked_at=asked_at)

    async def _at_rate(self, began: float) -> None:
        for number in range(self._plan.count):
            due = began + number / self._plan.rate
            if (wait_s := due - perf_counter()) > 0:
                await asyncio.sleep(wait_s)
            if self._idle:
                self._idle.pop().ask(self._requests.popleft(), due)
            else:
                self._late.append(due)

    def answered(self, connection: Connection, answer: bytes, due: float) -> None:
        """Note what came back and let the connection ask on."""
        self._waited_s.append(perf_counter() - due)
        if answer[9:12] == b"201" and (found := _ID.search(answer)):
            self._asked[found[1].decode()] = due
        else:
            status = answer[9:12].decode()
            self._refused[status] = self._refused.get(status, 0) + 1
        self._left -= 1
        if not self._left:
            self._done.set()
        elif self._plan.rate:
            self._at_once(connection)
        elif self._requests:
            connection.ask(self._requests.popleft(), perf_counter())

    def _at_once(self, connection: Connection) -> None:
        if self._late:
            connection.ask(self._requests.popleft(), self._late.popleft())
        else:
            self._idle.append(connection)

    def lost(self) -> None:
        """A connection ended before the last answer: the whole run is void."""
        self._lost = self._left > 0
        self._done.set()


def _requests(plan: Plan) -> Iterator[bytes]:
    for basket in baskets(plan.skus, plan.count, plan.seed):
        body = _body(basket)
        head = (
            f"POST {plan.path} HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\nAuthorization: Bearer {plan.token}\r\n"
            f"Idempotency-Key: {new_id()}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


def _body(basket: Basket) -> bytes:
    lines = [{"sku": sku, "qty": quantity} for sku, quantity in basket]
    return msgspec.json.encode({"items": lines, "paymentMethod": METHOD, "shippingAddress": ADDRESS})


async def main() -> None:
    """One plan in, one result out."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    result = await Load(plan).run()
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    uvloop.run(main())
