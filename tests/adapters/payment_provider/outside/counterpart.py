"""What the outside providers have in common: a translator in front of the simulated provider's counter.

A request in a provider's own language becomes a wish of the simulated provider; what its counter answers is translated
back. So books, rules and scripted faults are the simulated provider's own, and each provider adds only its language,
its idempotency and its notices.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp
import msgspec

from tradewind.adapters.payment_provider.simulator.connection import Connection
from tradewind.adapters.payment_provider.simulator.group_commit import GroupCommit
from tradewind.adapters.payment_provider.simulator.ledger import Ledger
from tradewind.adapters.payment_provider.simulator.notifying import WITHIN_S, Notifier
from tradewind.adapters.payment_provider.simulator.server import BACKLOG, HOST, Counter
from tradewind.adapters.payment_provider.wire import (
    CHALLENGES,
    PATHS,
    WEBHOOK,
    Call,
    Endpoint,
    Entry,
    FaultWish,
    NoticeBody,
    Wish,
)

FAULTS, LEDGER, AFTER_THE_FACT = "/v1/faults", "/v1/ledger", "after the fact"
RETURN = "UPDATE authorization SET refunded = refunded - ? WHERE key = ?"
Said = tuple[int, Any]
Translate = Callable[[int, Any], Said]
"""The counter's status and decoded answer to the provider's own."""


class HeardConnection(Connection):
    """A connection that also knows the request's headers, in lower case."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.headers: dict[str, str] = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")


class Interpreter:
    """Stands in for a connection at the counter: what is said to it is said on, translated; so are the faults."""

    def __init__(self, connection: HeardConnection, translate: Translate, ended: Callable[[Said | None], None]) -> None:
        self._connection = connection
        self._translate = translate
        self._ended = ended

    def answer(self, status: int, body: bytes = b"", *, page: bool = False, xml: bool = False) -> None:
        try:
            said = self._translate(status, msgspec.json.decode(body))
        except msgspec.DecodeError:  # a garbled answer stays one
            self._ended(None)
            self._connection.answer(status, body)
            return
        self._ended(said)
        self._connection.answer(said[0], msgspec.json.encode(said[1]))

    def hold(self) -> None:
        self._ended(None)
        self._connection.hold()

    def drop(self) -> None:
        self._ended(None)
        self._connection.drop()

    def tear(self, body: bytes) -> None:
        self._ended(None)
        self._connection.tear(msgspec.json.encode(self._translate(200, msgspec.json.decode(body))[1]))


class Inquiry:
    """A look-up at the counter: its faults strike, its word is replaced by what the provider would show."""

    def __init__(self, connection: Any, show: Callable[[], Said], broken: Said) -> None:
        self._connection = connection
        self._show = show
        self._broken = broken

    def answer(self, status: int, body: bytes = b"", *, page: bool = False, xml: bool = False) -> None:
        said = self._show() if status in (200, 404) else self._broken
        self._connection.answer(said[0], msgspec.json.encode(said[1]))

    def hold(self) -> None:
        self._connection.hold()

    def drop(self) -> None:
        self._connection.drop()

    def tear(self, body: bytes) -> None:
        self._connection.tear(msgspec.json.encode(self._show()[1]))


class OutsideNotifier(Notifier):
    """Posts a provider's own notices. `write` makes body and headers of what the counter wants to tell."""

    write: Callable[[NoticeBody, str], tuple[bytes, dict[str, str]] | None]

    async def _post(self, to: Endpoint, notice: NoticeBody) -> bool:
        written = self.write(notice, to.secret)
        if written is None:
            return True
        body, headers = written
        timeout = aiohttp.ClientTimeout(total=WITHIN_S)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as http:
                async with http.post(to.url, data=body, headers=headers) as response:
                    return response.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


class Outside:
    """One outside provider: `answer` is the subclass's. Its idempotency keys can be forgotten, as after a day."""

    def __init__(self, ledger: Ledger, commits: GroupCommit, notifier: OutsideNotifier) -> None:
        self.books = ledger
        self.notifier = notifier
        self.counter = Counter(ledger, commits, notifier)
        notifier.write = self.notice
        self.url = ""
        self.questions: list[str] = []
        """What was asked, in the order of asking: verb and path."""
        self._times_forgotten = 0

    def forget_keys(self) -> None:
        """As after a day or a week: no idempotency key is known any more."""
        self._times_forgotten += 1

    def give_back(self, authorization_key: str, minor: int) -> None:
        """So much that was refunded did not reach its card: it may be refunded once more. The lines of it stand."""
        self.books._writer.execute(RETURN, (minor, authorization_key))

    def notice(self, notice: NoticeBody, secret: str) -> tuple[bytes, dict[str, str]] | None:
        raise NotImplementedError

    def answer(self, connection: HeardConnection, verb: str, path: str, body: bytes) -> Said | None:
        """What the provider says; None where it will, once the counter has."""
        raise NotImplementedError

    def handle(self, connection: Any, verb: bytes, target: str, body: bytes) -> None:
        """The counter's own addresses are for tests and buyers; everything else is the provider's."""
        if target in (FAULTS, WEBHOOK) or target.startswith((LEDGER, CHALLENGES)):
            self.counter.handle(connection, verb, target, body)
            return
        self.questions.append(f"{verb.decode()} {target.partition('?')[0]}")
        said = self.answer(connection, verb.decode(), target, body)
        if said is not None:
            connection.answer(said[0], msgspec.json.encode(said[1]))

    def put(self, connection: Any, wish: Wish, translate: Translate, ended: Callable[[Said | None], None]) -> None:
        """Hand a wish to the counter."""
        interpreter: Any = Interpreter(connection, translate, ended)
        self.counter.handle(interpreter, b"POST", PATHS[wish.OPERATION], msgspec.json.encode(wish))

    def once(self, key: str) -> str:
        """The ledger's key for an idempotency key; another one once it was forgotten."""
        return f"{key}@{self._times_forgotten}" if self._times_forgotten else key


class Process(Protocol):
    """What the tests ask of a provider beside the port."""

    url: str

    async def ledger(self, reference: str) -> list[Entry]: ...
    async def strike(self, operation: Call, fault: str, times: int = 1) -> None: ...
    async def send(self, verb: str, path: str, body: bytes | None = None) -> tuple[int, Any]: ...


class Running:
    """An outside provider that serves, as the tests know providers."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self.url = outside.url

    async def ledger(self, reference: str) -> list[Entry]:
        return self.outside.books.of_reference(reference, 1_000).operations

    async def strike(self, operation: Call, fault: str, times: int = 1) -> None:
        status, _ = await self.send(
            "POST", FAULTS, msgspec.json.encode(FaultWish(operation=operation, fault=fault, times=times))
        )
        assert status == 200

    async def send(self, verb: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as http, http.request(verb, self.url + path, data=body) as response:
            return response.status, await response.read()


T = TypeVar("T", bound=Outside)


@asynccontextmanager
async def outside(folder: Path, make: Callable[[Ledger, GroupCommit, OutsideNotifier], T]) -> AsyncIterator[T]:
    """Serve on the loopback for as long as the context."""
    ledger = Ledger(folder / "ledger.db")
    commits = GroupCommit(ledger)
    notifier = OutsideNotifier(folder / "webhook.json")
    stand = make(ledger, commits, notifier)
    connections: set[Connection] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: HeardConnection(stand.handle, connections, drains=b"/nowhere"), HOST, 0, backlog=BACKLOG
    )
    stand.url = ledger.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    try:
        yield stand
    finally:
        server.close()
        await notifier.close()
        await commits.close()
        for connection in tuple(connections):
            connection.drop()
        ledger.close()


def digest(text: str, length: int) -> str:
    """A name that follows from `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
