"""Shoppers in a process of their own: each keeps one connection and does its errand step by step, again and again.

Reads an Errand from standard input, writes what came of it to standard output: python -m bench.visiting < errand

With a rate, visits begin at moments that do not wait for answers, and the first step of each is counted from its
moment; every further step from when it is sent. Without one, each connection begins anew as soon as it is done.
"""

import asyncio
import re
import sys
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import Any, Final, cast

import msgspec
import uvloop
from msgspec import Struct

from tradewind.app.bench.driving import Run, run_of
from tradewind.app.bench.placing import METHOD
from tradewind.app.bench.shelves import Basket, baskets

HEAD_END: Final = b"\r\n\r\n"
LINES_A_CART: Final = 5
"""Lines that are put into each cart where nothing else is measured."""
QUOTES_A_CART: Final = 10
"""Less than the shop allows of one cart."""
READ, GUEST, OPEN, ADD, QUOTE, CHECKOUT = "read", "guest token", "open cart", "cart add", "quote", "checkout"
DESTINATION: Final = {
    "shippingAddress": {
        "country": "DE",
        "name": "A. Buyer",
        "line1": "Hauptstr. 1",
        "city": "Berlin",
        "postalCode": "10115",
    },
    "shippingMethod": "standard",
    "email": "buyer@example.com",
}
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_WISH: Final = msgspec.json.encode(DESTINATION)


class Errand(Struct, frozen=True, kw_only=True):
    """What to do `count` times: READ the `paths` in turn, ADD to carts, QUOTE carts, or the whole CHECKOUT."""

    port: int
    what: str
    count: int
    paths: Sequence[str] = ()
    skus: Sequence[str] = ()
    connections: int = 32
    rate: float = 0.0
    seed: int = 0


class Visits(Struct, frozen=True, kw_only=True):
    """What came of it: how many visits a second, and how long each step of them took."""

    seconds: float
    steps: dict[str, Run]
    began_at_s: float
    """On the clock that all processes of this machine share (the monotonic one)."""
    orders: Sequence[str] = ()


class Refused(Exception):  # noqa: N818 -- the run is void, there is nothing to handle
    """An answer that is no success."""


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its type

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(Refused("a connection was lost"))

    def ask(self, request: bytes) -> asyncio.Future[bytes]:
        """Send; the answer's body."""
        assert self._transport is not None, "connected before it is asked"
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data
        end = data.find(HEAD_END)
        length = _LENGTH.search(data, 0, end) if end >= 0 else None
        if length is None or len(data) < end + len(HEAD_END) + int(length[1]):
            self._buffer = data
            return
        self._buffer = b""
        assert self._answer is not None, "nothing is said unasked"
        if data[9:10] != b"2":
            self._answer.set_exception(Refused(data[:800].decode("latin-1")))
        else:
            self._answer.set_result(data[end + len(HEAD_END) :])


class Shopper:
    """Somebody at one connection."""

    def __init__(self, connection: Connection, errand: Errand, waited_s: dict[str, list[float]]) -> None:
        self._connection = connection
        self._errand = errand
        self._waited_s = waited_s
        self._token = ""
        self.carts: deque[str] = deque()
        self.orders: list[str] = []

    async def _ask(self, step: str, path: str, body: bytes | None = None, *, due: float = 0.0) -> bytes:
        method = "GET" if body is None else "POST"
        who = f"Authorization: Bearer {self._token}\r\n" if self._token else ""
        what = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        if body == b"":
            what = "Content-Length: 0\r\n"
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._errand.port}\r\n{who}{what}\r\n"
        began = due or perf_counter()
        answer = await self._connection.ask(head.encode() + (body or b""))
        if step:
            self._waited_s[step].append(perf_counter() - began)
        return answer

    async def enter(self, step: str = "", due: float = 0.0) -> None:
        """Become a new guest."""
        self._token = ""
        self._token = _document(await self._ask(step, "/api/v1/auth/guest", b"", due=due))["access_token"]

    async def open(self, step: str = "") -> str:
        """Take a new cart."""
        return str(_document(await self._ask(step, "/api/v1/carts", b""))["id"])

    async def _add(self, step: str, cart: str, sku: str, due: float = 0.0) -> None:
        await self._ask(step, f"/api/v1/carts/{cart}/lines", msgspec.json.encode({"sku": sku, "qty": 1}), due=due)

    async def prepare(self, count: int) -> None:
        """Have what `count` visits need before they are measured."""
        each = {ADD: LINES_A_CART, QUOTE: QUOTES_A_CART}.get(self._errand.what)
        if each is None:
            return
        await self.enter()
        for _ in range(-(-count // each)):
            cart = await self.open()
            if self._errand.what == QUOTE:
                for sku in self._errand.skus[:2]:
                    await self._add("", cart, sku)
            self.carts.extend([cart] * each)

    async def read(self, number: int, due: float) -> None:
        """GET the next path."""
        paths = self._errand.paths
        await self._ask(READ, paths[number % len(paths)], due=due)

    async def add(self, number: int, due: float) -> None:
        """Put another book into a cart."""
        skus = self._errand.skus
        await self._add(ADD, self.carts.popleft(), skus[number % len(skus)], due)

    async def quote(self, _number: int, due: float) -> None:
        """Ask what a cart of two lines costs."""
        await self._ask(QUOTE, f"/api/v1/carts/{self.carts.popleft()}/quote", _WISH, due=due)

    async def check_out(self, basket: Basket, due: float) -> None:
        """From nobody to an order that is placed: token, cart, its lines, quote, checkout."""
        await self.enter(GUEST, due)
        cart = await self.open(OPEN)
        for sku, _ in basket:
            await self._add(ADD, cart, sku)
        quote = _document(await self._ask(QUOTE, f"/api/v1/carts/{cart}/quote", _WISH))
        agreed = msgspec.json.encode({"quoteToken": quote["token"], "paymentMethod": METHOD})
        self.orders.append(_document(await self._ask(CHECKOUT, f"/api/v1/carts/{cart}/checkout", agreed))["id"])


async def visit(errand: Errand) -> Visits:
    """The whole errand."""
    loop = asyncio.get_running_loop()
    waited_s: dict[str, list[float]] = defaultdict(list)
    shoppers = []
    for _ in range(errand.connections):
        _, connection = await loop.create_connection(Connection, "127.0.0.1", errand.port)
        shoppers.append(Shopper(connection, errand, waited_s))
    # With a rate, connections take what is due as they are free: none of them does twice its share by much.
    share = -(-errand.count // errand.connections) * (4 if errand.rate else 2)
    await asyncio.gather(*(shopper.prepare(share) for shopper in shoppers))
    wanted = deque(_visits(errand))
    began = perf_counter()
    await (_at_rate if errand.rate else _one_after_the_other)(errand, shoppers, wanted, began)
    seconds = perf_counter() - began
    return Visits(
        seconds=seconds,
        steps={step: run_of(seconds, waited) for step, waited in waited_s.items()},
        began_at_s=began,
        orders=[order for shopper in shoppers for order in shopper.orders],
    )


Visit = Callable[[Shopper, float], Awaitable[None]]


def _visits(errand: Errand) -> list[Visit]:
    if errand.what == CHECKOUT:
        return [_checkout(basket) for basket in baskets(errand.skus, errand.count, errand.seed)]
    step = {READ: Shopper.read, ADD: Shopper.add, QUOTE: Shopper.quote}[errand.what]
    return [_step(step, number) for number in range(errand.count)]


def _checkout(basket: Basket) -> Visit:
    return lambda shopper, due: shopper.check_out(basket, due)


def _step(step: Callable[[Shopper, int, float], Awaitable[None]], number: int) -> Visit:
    return lambda shopper, due: step(shopper, number, due)


async def _one_after_the_other(_: Errand, shoppers: Sequence[Shopper], wanted: deque[Visit], __: float) -> None:
    async def keep_visiting(shopper: Shopper) -> None:
        while wanted:
            await wanted.popleft()(shopper, 0.0)

    await asyncio.gather(*(keep_visiting(shopper) for shopper in shoppers))


async def _at_rate(errand: Errand, shoppers: Sequence[Shopper], wanted: deque[Visit], began: float) -> None:
    """Each visit has its moment; who comes when every connection is busy waits, and that counts."""
    due: asyncio.Queue[tuple[Visit, float] | None] = asyncio.Queue()

    async def keep_visiting(shopper: Shopper) -> None:
        while (one := await due.get()) is not None:
            await one[0](shopper, one[1])

    async def announce() -> None:
        for number, one in enumerate(wanted):
            at = began + number / errand.rate
            if (wait_s := at - perf_counter()) > 0:
                await asyncio.sleep(wait_s)
            due.put_nowait((one, at))
        for _ in shoppers:
            due.put_nowait(None)

    await asyncio.gather(announce(), *(keep_visiting(shopper) for shopper in shoppers))


def _document(body: bytes) -> Any:
    return msgspec.json.decode(body)


async def visits(errand: Errand) -> Visits:
    """Let another process do it; raises RuntimeError where anything was refused."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.visiting", stdin=pipe, stdout=pipe)
    out, _ = await process.communicate(msgspec.json.encode(errand))
    if process.returncode:
        raise RuntimeError(f"{errand.what}: a visit failed")
    return msgspec.json.decode(out, type=Visits)


async def main() -> None:
    """One errand in, what came of it out."""
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    try:
        found = await visit(errand)
    except Refused as refused:
        sys.exit(str(refused))
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    uvloop.run(main())
