"""The simulated provider's counter: what is asked at which address, and which fault strikes."""

import asyncio
import sqlite3
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote

import msgspec

from tradewind.adapters.payment_provider.simulator.challenge import ANSWERS, answered, asking
from tradewind.adapters.payment_provider.simulator.connection import Connection, Handle, Line
from tradewind.adapters.payment_provider.simulator.faults import (
    ONLY_FIRST,
    Effect,
    Strike,
    Telling,
    strike_of,
    strike_of_method,
)
from tradewind.adapters.payment_provider.simulator.group_commit import GroupCommit
from tradewind.adapters.payment_provider.simulator.ledger import Ask, Ledger, Recorded
from tradewind.adapters.payment_provider.simulator.legacy import PREFIX, LegacyGateway
from tradewind.adapters.payment_provider.simulator.notifying import Notifier
from tradewind.adapters.payment_provider.soap.offer import PATH
from tradewind.adapters.payment_provider.wire import (
    CHALLENGES,
    MAX_PAGE,
    PATHS,
    SETTLEMENTS,
    WEBHOOK,
    AuthorizationWish,
    Call,
    CaptureWish,
    Endpoint,
    FaultWish,
    RefundWish,
    VoidWish,
    Wish,
)
from tradewind.ports.payment_provider import ActionRequired

HOST: Final = "127.0.0.1"
BACKLOG: Final = 1_024
MAX_SCRIPTED: Final = 1_000
"""One-shot faults that may wait, per kind of call."""
MAX_COUNTED_KEYS: Final = 10_000
"""Keys whose tries are counted for `error-N`; the oldest is forgotten first, and a restart forgets all."""

_WISHES: Final[dict[str, Callable[[bytes], Wish]]] = {
    PATHS["authorization"]: msgspec.json.Decoder(AuthorizationWish).decode,
    PATHS["capture"]: msgspec.json.Decoder(CaptureWish).decode,
    PATHS["void"]: msgspec.json.Decoder(VoidWish).decode,
    PATHS["refund"]: msgspec.json.Decoder(RefundWish).decode,
}
_FAULT_WISH: Final = msgspec.json.Decoder(FaultWish)
_ENDPOINT: Final = msgspec.json.Decoder(Endpoint)
_PROCESSING: Final = "authorization.processing"
_encode: Final = msgspec.json.Encoder().encode
_LOOK_UP: Final = PATHS["look_up"]
_LEDGER: Final = "/v1/ledger"


class Counter:
    """Reads requests, lets faults strike, asks the ledger, answers."""

    def __init__(self, ledger: Ledger, commits: GroupCommit, notifier: Notifier) -> None:
        self._ledger = ledger
        self._notifier = notifier
        self._commits = commits
        self._loop = asyncio.get_running_loop()
        self._scripted: dict[Call, deque[tuple[Strike, int]]] = {}
        self._tries: OrderedDict[str, int] = OrderedDict()

    def handle(self, connection: Line, verb: bytes, target: str, body: bytes) -> None:
        """Answer one request, now or when the ledger has it on the disk."""
        decode = _WISHES.get(target)
        try:
            if decode is not None and verb == b"POST":
                self._wish(connection, decode(body))
            elif verb == b"POST" and target == "/v1/faults":
                self._script(connection, _FAULT_WISH.decode(body))
            elif verb == b"POST" and target == WEBHOOK:
                self._notifier.send_to(_ENDPOINT.decode(body))
                connection.answer(200, b"{}")
            elif target.startswith(CHALLENGES):
                self._challenge(connection, verb, target.removeprefix(CHALLENGES), body)
            elif verb == b"GET":
                self._read(connection, target)
            else:
                _refuse(connection, 404, "There is nothing at this address.")
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as trouble:
            _refuse(connection, 400, str(trouble))
        except sqlite3.Error:
            _refuse(connection, 503, "The ledger cannot be read.")

    def _wish(self, connection: Line, wish: Wish) -> None:
        once = self._next_scripted(wish.OPERATION)
        strike = once
        if strike is None and isinstance(wish, AuthorizationWish):
            strike = strike_of_method(wish.method)
            strike = strike if strike is not None and strike.fault.strikes == "authorization" else None
        match strike.fault.effect if strike is not None else Effect.NONE:
            case Effect.HOLD:
                connection.hold()
            case Effect.ERROR if strike is not None and (once is not None or self._still_failing(wish.key, strike)):
                _refuse(connection, 500, "A scripted error.")
            case Effect.SLOW if strike is not None:
                self._loop.call_later(strike.number / 1_000, self._record, connection, wish, None)
            case _ if strike is not None and strike.fault.tells is Telling.PROCESSING and not strike.fault.challenges:
                self._notifier.tell(wish.key, kind=_PROCESSING, then=lambda: self._record(connection, wish, once))
            case _:
                self._record(connection, wish, once)

    def _record(self, connection: Line, wish: Wish, once: Strike | None) -> None:
        ask = Ask(wish, once.fault.declined if once is not None else None)
        if not self._commits.submit(ask, lambda recorded: self._settled(connection, wish, once, recorded)):
            _refuse(connection, 503, "Too many wishes are waiting.")

    def _settled(self, connection: Line, wish: Wish, once: Strike | None, recorded: Recorded | None) -> None:
        """The books have it, or could not be written: say so, and tell of it where that is scripted."""
        tells = _tells(recorded)
        if isinstance(wish, VoidWish) and tells is Telling.LATE:
            self._notifier.tell(wish.authorization_key)
        if not isinstance(wish, AuthorizationWish) or (recorded and isinstance(recorded.answer, ActionRequired)):
            tells = Telling.NEVER
        self._notifier.around(tells, wish.key, lambda: _settle(connection, wish, once, recorded))

    def _challenge(self, connection: Line, verb: bytes, challenge_id: str, body: bytes) -> None:
        """A buyer's browser asks for the page, or answers it."""
        wish = self._ledger.challenged(challenge_id)
        if wish is None:
            _refuse(connection, 404, "There is nothing at this address.")
        elif verb == b"GET":
            connection.answer(200, asking(wish), page=True)
        elif verb != b"POST" or body not in ANSWERS:
            _refuse(connection, 400, "Say answer=confirm or answer=fail.")
        elif (strike := strike_of_method(wish.method)) is not None and strike.fault.tells is Telling.PROCESSING:
            self._notifier.tell(wish.key, kind=_PROCESSING, then=lambda: self._prove(connection, wish, body))
        else:
            self._prove(connection, wish, body)

    def _prove(self, connection: Line, wish: AuthorizationWish, body: bytes) -> None:
        def settled(recorded: Recorded | None) -> None:
            if recorded is None:
                _refuse(connection, 503, "The ledger cannot be written.")
                return
            page = answered(recorded.answer)
            self._notifier.around(_tells(recorded), wish.key, lambda: connection.answer(200, page, page=True))

        if not self._commits.submit(Ask(wish, ANSWERS[body], proved=True), settled):
            _refuse(connection, 503, "Too many wishes are waiting.")

    def _read(self, connection: Line, target: str) -> None:
        path, _, query = target.partition("?")
        if path == "/health":
            connection.answer(200, b'{"status":"ok"}')
        elif path == _LEDGER:
            asked = parse_qs(query)
            cursor, limit = int(asked.get("cursor", ["0"])[-1]), int(asked.get("limit", [str(MAX_PAGE)])[-1])
            if not (0 <= cursor < 2**63 and 0 < limit <= MAX_PAGE):
                raise ValueError(f"cursor is at least 0, and limit is from 1 to {MAX_PAGE}")
            connection.answer(200, _encode(self._ledger.page(cursor, limit)))
        elif path.startswith(_LEDGER + "/"):
            connection.answer(200, _encode(self._ledger.of_reference(unquote(path[len(_LEDGER) + 1 :]), MAX_PAGE)))
        elif path == SETTLEMENTS or path.startswith(SETTLEMENTS + "/"):
            connection.answer(200, _encode(self._ledger.settlements(path, query)))
        elif path.startswith(_LOOK_UP):
            self._look_up(connection, unquote(path[len(_LOOK_UP) :]))
        else:
            _refuse(connection, 404, "There is nothing at this address.")

    def _look_up(self, connection: Line, key: str) -> None:
        once = self._next_scripted("look_up")
        effect = once.fault.effect if once is not None else Effect.NONE
        if once is not None and effect is Effect.SLOW:
            self._loop.call_later(once.number / 1_000, self._say_recorded, connection, key)
        elif effect is Effect.HOLD:
            connection.hold()
        elif effect is Effect.ERROR:
            _refuse(connection, 500, "A scripted error.")
        else:
            self._say_recorded(connection, key, effect)

    def _say_recorded(self, connection: Line, key: str, effect: Effect = Effect.NONE) -> None:
        answer = self._ledger.look_up(key)
        if answer is None:
            _refuse(connection, 404, "Nothing is recorded for this key.")
        else:
            _say(connection, effect, _encode(answer))

    def _script(self, connection: Line, wish: FaultWish) -> None:
        strike = strike_of(wish.fault)
        waiting = self._scripted.setdefault(wish.operation, deque())
        if strike is None or len(waiting) >= MAX_SCRIPTED:
            _refuse(connection, 400, "There is no such fault, or too many wait.")
            return
        if wish.times:
            waiting.append((strike, wish.times))
        else:
            self._scripted[wish.operation] = deque(one for one in waiting if one[0].fault is not strike.fault)
        connection.answer(200, b"{}")

    def _next_scripted(self, call: Call) -> Strike | None:
        waiting = self._scripted.get(call)
        if not waiting:
            return None
        strike, times = waiting.popleft()
        if times > 1:
            waiting.appendleft((strike, times - 1))
        return strike

    def _still_failing(self, key: str, strike: Strike) -> bool:
        if not strike.number:
            return True
        tries = self._tries.pop(key, 0) + 1
        self._tries[key] = tries
        if len(self._tries) > MAX_COUNTED_KEYS:
            self._tries.popitem(last=False)
        return tries <= strike.number


@asynccontextmanager
async def simulator(ledger_path: Path, port: int) -> AsyncIterator[str]:
    """Serve on the loopback for as long as the context; gives the URL. The batch under way is finished on leaving.

    Two providers share the process and the address, each with its own books and faults: the one that is asked in JSON,
    and below /soap the legacy gateway.
    """
    connections: set[Connection] = set()
    handlers: dict[bool, Handle] = {}
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(
            lambda line, verb, target, body: handlers[target.startswith(PREFIX)](line, verb, target, body),
            connections,
            drains=PATH.encode(),
        ),
        HOST,
        port,
        backlog=BACKLOG,
        start_serving=False,
    )
    url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    legacy_path = ledger_path.with_name(f"legacy-{ledger_path.name}")
    async with _books(ledger_path, url) as own, _books(legacy_path, url + PREFIX) as legacy:
        handlers |= {False: own.handle, True: LegacyGateway(legacy.handle, url).handle}
        await server.start_serving()
        try:
            yield url
        finally:
            server.close()
    for connection in tuple(connections):
        connection.drop()


@asynccontextmanager
async def _books(path: Path, url: str) -> AsyncIterator[Counter]:
    """A counter whose books are at `path` and that buyers find at `url`."""
    ledger = Ledger(path)
    ledger.url = url
    commits = GroupCommit(ledger)
    notifier = Notifier(path.with_suffix(".webhook"))
    try:
        yield Counter(ledger, commits, notifier)
    finally:
        await notifier.close()
        await commits.close()
        ledger.close()


def _tells(recorded: Recorded | None) -> Telling:
    """What is scripted for what this very call recorded."""
    strike = strike_of_method(recorded.method) if recorded is not None and recorded.fresh else None
    return strike.fault.tells if strike is not None else Telling.NEVER


def _settle(connection: Line, wish: Wish, once: Strike | None, recorded: Recorded | None) -> None:
    """Say what the books say, unless a fault has the last word."""
    if recorded is None:
        _refuse(connection, 503, "The ledger cannot be written.")
    elif recorded.answer is None:
        _refuse(connection, 409, "This key was used before with other parameters.")
    else:
        strike = once or strike_of_method(recorded.method)
        effect = Effect.NONE
        if strike is not None and (once is not None or strike.fault.strikes == wish.OPERATION):
            effect = strike.fault.effect
        if effect in ONLY_FIRST and once is None and not recorded.fresh:
            effect = Effect.NONE
        _say(connection, effect, _encode(recorded.answer))


def _say(connection: Line, effect: Effect, answer: bytes) -> None:
    match effect:
        case Effect.HOLD_AFTER:
            connection.hold()
        case Effect.DROP_AFTER:
            connection.drop()
        case Effect.TEAR_AFTER:
            connection.tear(answer)
        case Effect.GARBLE_AFTER:
            connection.answer(200, answer[:-1])
        case Effect.ERROR_AFTER:
            _refuse(connection, 500, "A scripted error, after the fact.")
        case _:
            connection.answer(200, answer)


def _refuse(connection: Line, status: int, detail: str) -> None:
    connection.answer(status, _encode({"detail": detail}))
