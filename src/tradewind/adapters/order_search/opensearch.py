"""An index of orders on OpenSearch: a document an order, replaced by a greater version only.

How far it is lies in it, in documents that bear its name. So what was meant for an index that has been replaced
meanwhile says nothing of the one that came after, and who wipes the index has it made anew.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from opensearchpy import AsyncOpenSearch, NotFoundError
from opensearchpy.exceptions import OpenSearchException

from tradewind.adapters.absence import Absence
from tradewind.adapters.belief import Belief
from tradewind.adapters.opensearch.link import TROUBLE, client_of
from tradewind.adapters.opensearch.naming import Names
from tradewind.kernel.clock import now
from tradewind.ports.order_search import Found, OrderSearchAway, Question, Row, Summary
from tradewind.ports.progress import NOWHERE, Reached
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.telemetry import metrics

VERSION: Final = "1"
"""Of the fields. Whoever changes MAPPINGS raises it."""
ANSWER_S: Final = 2.0
"""Longest wait for one answer; then it counts as away."""
RETRY_S: Final = 2.0
"""Time for which nobody asks an OpenSearch that is away."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
MAX_STATUSES: Final = 100
_KEYWORD: Final = {"type": "keyword"}
_NUMBER: Final = {"type": "long"}
SETTINGS: Final[dict[str, Any]] = {
    "number_of_shards": 1,  # counts are exact
    "auto_expand_replicas": "0-1",
    "refresh_interval": -1,  # readers see what is put together with how far it is
}
MAPPINGS: Final[dict[str, Any]] = {
    "dynamic": "strict",
    "properties": {
        "order_id": _KEYWORD,
        "user_id": _KEYWORD,
        "placed_us": _NUMBER,
        "status": _KEYWORD,
        "total_minor": _NUMBER,
        "currency": _KEYWORD,
        "skus": _KEYWORD,
        "stamp": {"type": "long", "index": False},
        "position": {"type": "long", "index": False},
        "up_to_date_us": {"type": "long", "index": False},
    },
}
SHOWN: Final = ("order_id", "user_id", "placed_us", "status", "total_minor", "currency")
NEWEST: Final = [{"placed_us": "desc"}, {"order_id": "desc"}]
_encode: Final = msgspec.json.Encoder().encode
Clause = Mapping[str, Any]


class OpenSearchOrders:
    """The port `OrderSearch`. Opened by `order_search`."""

    def __init__(self, client: AsyncOpenSearch, shop: str, *, retry_s: float = RETRY_S) -> None:
        self._client = client
        self._names = Names(client, "orders", shop, VERSION, SETTINGS, MAPPINGS)
        self._belief = Belief(self._up_to_date_at)
        self._written = Absence(metrics.order_search_away, "order search is", retry_s)
        self._searched = Absence(None, "order search, for who searches, is", retry_s)
        self._index: str | None = None
        """The one that was asked last how far it is: of this one is noted what is put then."""

    async def reached(self) -> Reached | None:
        with self._asking():
            self._index = await self._names.named()
            return NOWHERE if self._index is None else (await self._noted(self._index))[0]

    async def put(self, rows: Sequence[Row], upto: Reached, *, is_all: bool) -> None:
        with self._asking():
            await self._write(self._names.alias, rows)
            failpoint("order_search.before_reached")
            is_due = is_all and self._belief.is_due
            if rows or is_due:
                await self._note(self._names.alias, self._index, upto, now() if is_due else None)
            if is_due:
                self._belief.told()
            if rows:
                await self._client.indices.refresh(index=self._names.alias)

    async def rebuild(self, rows: AsyncIterator[Sequence[Row]], upto: Reached) -> None:
        with self._asking():
            build = await self._names.begin()
            await self._note(build, build, upto, None)
        try:
            async for some in rows:
                with self._asking():
                    await self._write(build, some)
            with self._asking():
                if (await self._noted(build))[0] != upto:  # it was removed meanwhile; this is another of its name
                    raise OrderSearchAway
                await self._note(build, build, upto, now())
                await self._client.indices.refresh(index=build)
                await self._names.name(build)
            self._belief.forget()
        finally:
            with suppress(*TROUBLE):
                await self._names.forget_unless_named(build)

    async def search(self, question: Question) -> Found | None:
        with self._asking(searches=True):
            if not await self._belief.holds():
                raise OrderSearchAway
            said = await self._client.search(index=self._names.alias, body=_asked(question))
        counts = {one["key"]: one["doc_count"] for one in said["aggregations"]["status"]["buckets"]}
        return Found([_summary(hit["_source"]) for hit in said["hits"]["hits"]], counts)

    async def _write(self, index: str, rows: Sequence[Row]) -> None:
        lines = [
            _line(row.summary.order_id.hex, _document(row), version=row.version, version_type="external_gte")
            for row in rows
        ]
        await self._put(index, lines)

    async def _put(self, index: str, lines: list[bytes]) -> None:
        if not await self._names.write(index, lines):
            raise OpenSearchException("not all of it was written")

    async def _up_to_date_at(self) -> datetime | None:
        index = await self._names.named()
        return None if index is None else (await self._noted(index))[1]

    async def _noted(self, index: str) -> tuple[Reached, datetime | None]:
        """How far an index is, and when it had everything."""
        said = await self._client.mget(index=index, body={"ids": [f"{index}.reached", f"{index}.up_to_date"]})
        reached, at = (one["_source"] if one.get("found") else None for one in said["docs"])
        place = NOWHERE if reached is None else Reached(reached["stamp"], reached["position"])
        return place, None if at is None else _moment(at["up_to_date_us"])

    async def _note(self, into: str, index: str | None, upto: Reached, up_to_date_at: datetime | None) -> None:
        """Into one index, of one. Of none there is nothing to note."""
        reached = {"stamp": upto.stamp, "position": upto.position}
        lines = [_line(f"{index}.reached", reached, version=upto.stamp, version_type="external_gte")]
        if up_to_date_at is not None:
            lines.append(_line(f"{index}.up_to_date", {"up_to_date_us": _microseconds(up_to_date_at)}))
        if index is None:
            raise OrderSearchAway
        await self._put(into, lines)

    @contextmanager
    def _asking(self, *, searches: bool = False) -> Iterator[None]:
        absence = self._searched if searches else self._written
        if absence.is_left_alone:
            raise OrderSearchAway
        try:
            yield
        except NotFoundError as gone:  # somebody deleted it; it is made anew
            self._belief.forget()
            raise OrderSearchAway from gone
        except TROUBLE as error:
            absence.lost(error)
            raise OrderSearchAway from error
        absence.found()


def _asked(question: Question) -> dict[str, Any]:
    at, order_id = question.before
    return {
        "query": {"bool": {"filter": list(_filters(question))}},
        "post_filter": {"terms": {"status": question.statuses}} if question.statuses else {"match_all": {}},
        "aggs": {"status": {"terms": {"field": "status", "size": MAX_STATUSES}}},
        "sort": NEWEST,
        "search_after": [_microseconds(at), order_id.hex],
        "size": question.many,
        "_source": SHOWN,
        "track_total_hits": False,
    }


def _filters(asked: Question) -> Iterator[Clause]:
    """Each must hold; the first keeps out what says how far the index is."""
    yield {"exists": {"field": "placed_us"}}
    if asked.ids is not None:
        yield _between("order_id", gte=asked.ids[0].hex, lte=asked.ids[1].hex)
    if asked.buyers is not None:
        ids = [one.hex for one in asked.buyers.order_ids]
        either: list[Clause] = [{"terms": {"user_id": asked.buyers.user_ids}}, {"terms": {"order_id": ids}}]
        yield {"bool": {"should": either, "minimum_should_match": 1}}
    if asked.skus is not None:
        yield {"terms": {"skus": asked.skus}}
    if asked.currency is not None:
        yield {"term": {"currency": asked.currency}}
    yield _between("total_minor", gte=asked.least_minor, lte=asked.most_minor)
    since, until = (None if one is None else _microseconds(one) for one in (asked.since, asked.until))
    yield _between("placed_us", gte=since, lt=until)


def _between(field: str, **bounds: Any) -> Clause:
    known = {name: value for name, value in bounds.items() if value is not None}
    return {"range": {field: known}} if known else {"match_all": {}}


def _document(row: Row) -> dict[str, Any]:
    one = row.summary
    shown = (one.order_id.hex, one.user_id, _microseconds(one.placed_at), one.status, one.total_minor, one.currency)
    return {**dict(zip(SHOWN, shown, strict=True)), "skus": row.skus}


def _summary(source: Any) -> Summary:
    order, user, placed, *rest = (source[name] for name in SHOWN)
    return Summary(UUID(order), user, _moment(placed), *rest)


def _line(id_: str, document: Mapping[str, Any], **how: Any) -> bytes:
    return _encode({"index": {"_id": id_, **how}}) + b"\n" + _encode(document) + b"\n"


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _moment(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND


@asynccontextmanager
async def order_search(
    url: str, shop: str, *, answer_s: float = ANSWER_S, retry_s: float = RETRY_S
) -> AsyncIterator[OpenSearchOrders]:
    """The index of `shop` at `url`. Nothing is asked yet."""
    client = client_of(url, timeout_s=answer_s)
    try:
        yield OpenSearchOrders(client, shop, retry_s=retry_s)
    finally:
        await client.close()
