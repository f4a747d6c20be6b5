"""Lists of customers' orders on Cassandra: a partition a customer, in the order in which it is read.

Every cell is written with its event's place as its timestamp, so Cassandra itself lets the last word count, however
often and late the others come. Since most events name an order and not its customer, a second table says of each order
whose it is; it is written after the list, so that who dies in between finds what was there and does it again. How far
the lists are is written last, and lies with them: who wipes them has them made anew.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cassandra.query import UNSET_VALUE

from tradewind.adapters.cassandra.asking import Asking
from tradewind.adapters.cassandra.link import Link, Write
from tradewind.adapters.cassandra.progress import Notes, Progress
from tradewind.adapters.order_lists.known import SHOWN, TOLD, Known
from tradewind.ports.order_lists import Change, Listed, OrderListsAway
from tradewind.ports.progress import Reached
from tradewind.runtime.failpoints import failpoint

READER: Final = "orders"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS orders_by_customer (
        user_id text, placed_us bigint, order_id blob, status text, total_minor bigint, currency text, held boolean,
        PRIMARY KEY (user_id, placed_us, order_id)) WITH CLUSTERING ORDER BY (placed_us DESC, order_id DESC)""",
    """CREATE TABLE IF NOT EXISTS orders_by_id (
        order_id blob PRIMARY KEY, user_id text, placed_us bigint, status text, total_minor bigint, currency text,
        held boolean)""",
    """CREATE TABLE IF NOT EXISTS reached (
        reader text PRIMARY KEY, place frozen<tuple<bigint, bigint>>, up_to_date_at timestamp)""",
)
SHOW: Final = """INSERT INTO orders_by_customer (user_id, placed_us, order_id, status, total_minor, currency, held)
    VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?"""
HIDE: Final = "DELETE FROM orders_by_customer USING TIMESTAMP ? WHERE user_id = ? AND placed_us = ? AND order_id = ?"
LEARN: Final = """INSERT INTO orders_by_id (order_id, user_id, placed_us, status, total_minor, currency, held)
    VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?"""
KNOWN: Final = """SELECT order_id, user_id, writetime(user_id), placed_us, writetime(placed_us),
    status, writetime(status), total_minor, writetime(total_minor), currency, writetime(currency), held, writetime(held)
    FROM orders_by_id WHERE order_id IN ?"""
LOOKED_UP: Final = 20
"""Orders that are asked for in one request: a request costs more than to look one up."""
NEWEST: Final = """SELECT order_id, placed_us, status, total_minor, currency, held FROM orders_by_customer
    WHERE user_id = ? AND (placed_us, order_id) < (?, ?) LIMIT ?"""
NOTES: Final = Notes(
    read="SELECT place, up_to_date_at FROM reached WHERE reader = ?",
    reach="INSERT INTO reached (reader, place) VALUES (?, ?) USING TIMESTAMP ?",
    up_to_date="INSERT INTO reached (reader, up_to_date_at) VALUES (?, ?)",
)
CLEAR: Final = ("TRUNCATE reached", "TRUNCATE orders_by_id", "TRUNCATE orders_by_customer")


class CassandraOrderLists:
    """The lists in the keyspace of `link`, whose owner closes it."""

    def __init__(self, link: Link) -> None:
        self._cassandra = Asking(link, OrderListsAway)
        self._progress = Progress(READER, NOTES, self._cassandra.ask)

    async def reached(self) -> Reached | None:
        return await self._progress.reached()

    async def put(self, changes: Sequence[Change], upto: Reached, *, is_all: bool) -> None:
        if changes:
            await self._write(changes)
        failpoint("order_lists.before_reached")
        await self._progress.note(upto, wrote=bool(changes), is_all=is_all)

    async def newest(self, user_id: str, before: tuple[datetime, UUID], many: int) -> Sequence[Listed] | None:
        if not await self._progress.is_believed():
            raise OrderListsAway
        rows = await self._cassandra.ask(NEWEST, user_id, _microseconds(before[0]), before[1].bytes, many)
        if any(None in row[2:5] for row in rows):  # what two events said of an order is two writes: one is there yet
            raise OrderListsAway
        return [
            Listed(UUID(bytes=order), EPOCH + placed * MICROSECOND, status, total, currency, bool(held))
            for order, placed, status, total, currency, held in rows
        ]

    async def clear(self) -> None:
        await self._cassandra.clear(CLEAR)
        self._progress.forget()

    async def _write(self, changes: Sequence[Change]) -> None:
        ids = list(dict.fromkeys(change.order_id for change in changes))
        some = [[one.bytes for one in ids[begin : begin + LOOKED_UP]] for begin in range(0, len(ids), LOOKED_UP)]
        answers = await self._cassandra.ask_all((KNOWN, (keys,)) for keys in some)
        there = {UUID(bytes=order): _known(cells) for rows in answers for order, *cells in rows}
        known = {one: there.get(one) or Known() for one in ids}
        for change in changes:
            known[change.order_id].learn(change)
        await self._cassandra.write_all(write for one in ids for write in _lists(one, known[one]))
        failpoint("order_lists.before_learned")
        await self._cassandra.write_all(write for one in ids for write in _learned(one, known[one]))


def _known(row: Sequence[Any]) -> Known:
    cells = zip(TOLD, row[::2], row[1::2], strict=True)
    words = [(name, place, value) for name, value, place in cells if value is not None]
    return Known((name, place, _moment(value) if name == "placed_at" else value) for name, place, value in words)


def _lists(order_id: UUID, known: Known) -> Iterable[Write]:
    """Into the owner's list, and out of all others."""
    if not known.is_shown:
        return
    placed = _microseconds(known["placed_at"])
    for owner in known.left:
        yield Write(owner, HIDE, (known.last_place, owner, placed, order_id.bytes))
    owner = known["user_id"]
    for place, told in known.shown().items():
        yield Write(owner, SHOW, (owner, placed, order_id.bytes, *(_cell(told, name) for name in SHOWN), place))


def _learned(order_id: UUID, known: Known) -> Iterable[Write]:
    for place, told in known.news().items():
        yield Write(order_id, LEARN, (order_id.bytes, *(_cell(told, name) for name in TOLD), place))


def _cell(told: dict[str, Any], name: str) -> Any:
    value = told.get(name, UNSET_VALUE)
    return _microseconds(value) if isinstance(value, datetime) else value


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _moment(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND
