"""The port `search` on OpenSearch, for shops on several machines: one index that all of them ask.

A search asks twice: how much the words of a text are in use, then for the page and its facets. A put goes in chunks
and is shown when all of it is there; its version lets whatever is late or comes twice do nothing. What could not be put
is noted in the home, because an engine that is away cannot remember it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from opensearchpy import AsyncOpenSearch, NotFoundError
from opensearchpy.exceptions import OpenSearchException

from tradewind.adapters.opensearch.link import client_of, trouble
from tradewind.adapters.opensearch.naming import Names
from tradewind.adapters.search import pages
from tradewind.adapters.search.asking import Asking
from tradewind.adapters.search.fields import decode
from tradewind.adapters.search.opensearch import asking as texts
from tradewind.adapters.search.opensearch import facets
from tradewind.adapters.search.opensearch.mapping import MAPPINGS, SETTINGS, VERSION, kept
from tradewind.adapters.search.synonyms import Synonyms
from tradewind.kernel.pages import write
from tradewind.ports.search import (
    MAX_DEPTH,
    MAX_PAGE,
    MAX_SUGGESTIONS,
    Found,
    ProductDocument,
    ProductIndex,
    Question,
    SearchAway,
    Sort,
)

SLACK: Final = 50
"""Products by which the last one shown may have moved up or down until the next page is asked for."""
REPEATED_NAMES: Final = 3
"""Products looked at for each suggestion, since editions share their names."""
SORTED_BY: Final = {
    Sort.PRICE: ("by_price", "asc"),
    Sort.DEAREST: ("by_price", "desc"),
    Sort.NEWEST: ("by_time", "desc"),
    Sort.RATING: ("by_rating", "desc"),
}
_encode: Final = msgspec.json.Encoder().encode


class _Page(NamedTuple):
    hits: Sequence[Any]
    total: int
    aggregations: Any
    after: pages.Place | None


class OpenSearchIndex:
    """The port `ProductIndex`. Opened by `product_index`."""

    def __init__(self, client: AsyncOpenSearch, shop: str, stale: Path, synonyms: Path) -> None:
        self._client, self._stale = client, stale
        self._names = Names(client, "products", shop, VERSION, SETTINGS, MAPPINGS)
        self._synonyms = Synonyms(synonyms)

    async def put(
        self, documents: Sequence[ProductDocument], gone: Sequence[UUID] = (), version: int | None = None
    ) -> None:
        """Upsert and remove, shown when all of it is there; what could not be put is noted for a rebuild."""
        if not documents and not gone:
            return
        if self._stale.exists():
            raise SearchAway
        try:
            with trouble(SearchAway):
                await self._write(self._names.alias, documents, gone, version)
                await self._client.indices.refresh(index=self._names.alias)
        except BaseException:  # also one who is cancelled leaves half of it
            self._note_stale()
            raise

    async def search(self, question: Question) -> Found:
        """A page, its facets and the next page's cursor."""
        question = pages.readable_question(question)
        place = pages.read(question)
        asking = Asking(question.text, self._synonyms)
        with trouble(SearchAway):
            known, attributes = await self._known(asking)
            page = await self._page(texts.query(asking, known), question, place, attributes)
            if not page.total and len(asking.words) > 1:
                page = await self._page(texts.query(asking, known, lenient=True), question, place, attributes)
            return Found(
                items=tuple(_shown(hit) for hit in page.hits),
                total=page.total,
                facets=facets.read(page.aggregations, question, attributes),
                next=None if page.after is None else write(page.after),
            )

    async def suggest(self, text: str, limit: int) -> Sequence[ProductDocument]:
        """By relevance, the last word being a beginning; no two of one name."""
        limit = max(1, min(limit, MAX_SUGGESTIONS))
        asking = Asking(text.strip(), self._synonyms)
        with trouble(SearchAway):
            known, _ = await self._known(asking)
            found = await self._ask(
                {
                    "query": texts.ranked(texts.query(asking, known)),
                    "sort": _BY_RELEVANCE,
                    "size": limit * REPEATED_NAMES,
                }
            )
            products = [_shown(hit) for hit in found["hits"]["hits"]]
        return pages.of_each_name(products, limit)

    async def holds(self) -> int | None:
        """Documents that readers can find; None where the index is not there, or where something could not be put."""
        with trouble(SearchAway):
            try:
                held = await self._client.count(index=self._names.alias)
            except NotFoundError:
                return None
        return None if self._stale.exists() else int(held["count"])

    async def rebuild(self, documents: AsyncIterator[Sequence[ProductDocument]], version: int | None = None) -> None:
        """Make an index of its own beside the present one, and let everybody change over to it."""
        with trouble(SearchAway):
            build = await self._names.begin()
        try:
            async for some in documents:
                with trouble(SearchAway):
                    await self._write(build, some, (), version)
            with trouble(SearchAway):
                await self._client.indices.refresh(index=build)
                await self._names.name(build)
            self._stale.unlink(missing_ok=True)
        finally:
            with suppress(OpenSearchException):
                await self._names.forget_unless_named(build)

    async def _write(
        self, index: str, documents: Sequence[ProductDocument], gone: Sequence[UUID], version: int | None
    ) -> None:
        newest = {one.id: one for one in documents}
        versioned = {} if version is None else {"version": version, "version_type": "external_gte"}
        lines = [
            _encode({"delete": {"_id": product_id.hex, **versioned}}) + b"\n"
            for product_id in dict.fromkeys(gone)
            if product_id not in newest
        ]
        for product_id, one in newest.items():
            lines.append(_encode({"index": {"_id": product_id.hex, **versioned}}) + b"\n" + _encode(kept(one)) + b"\n")
        if not await self._names.write(index, lines):
            raise SearchAway

    async def _known(self, asking: Asking) -> tuple[texts.Known, tuple[str, ...]]:
        """How many products there are, and how many with each word; which attributes become facets."""
        said = await self._ask({"size": 0, "aggs": facets.NAMES | texts.counted(asking)})
        counts = said["aggregations"]
        used = {word: counts[f"w{at}"]["doc_count"] for at, word in enumerate(asking.words)}
        names = tuple(bucket["key"] for bucket in counts["names"]["buckets"])
        return texts.Known(said["hits"]["total"]["value"], used), names

    async def _page(
        self, matching: texts.Clause, question: Question, place: pages.Place, attributes: Sequence[str]
    ) -> _Page:
        chosen = facets.filters(question)
        limit = max(1, min(question.limit, MAX_PAGE))
        counting = {"aggs": facets.counting(chosen, attributes), "post_filter": facets.all_of(chosen)}
        if question.sort is Sort.RELEVANCE:
            return await self._by_relevance({"query": texts.ranked(matching), **counting}, place, limit)
        return await self._by_key({"query": matching, **counting}, question.sort, place, limit)

    async def _by_relevance(self, asked: texts.Clause, place: pages.Place, limit: int) -> _Page:
        """What follows the last product shown, wherever it stands now; where it is gone, what follows its old place."""
        first = max(0, place.depth - SLACK)
        deepest = min(place.depth + limit + 1 + (SLACK if place.depth else 0), MAX_DEPTH)
        said = await self._ask({**asked, "sort": _BY_RELEVANCE, "from": first, "size": max(0, deepest - first)})
        hits, total = said["hits"]["hits"], said["hits"]["total"]["value"]
        begin = place.depth - first
        if place.depth:
            begin = next((at + 1 for at, hit in enumerate(hits) if hit["sort"][1] == place.mark), begin)
        page = hits[begin : begin + limit]
        depth = first + begin + len(page)
        if not page or first + len(hits) <= depth or depth >= MAX_DEPTH:
            return _Page(page, total, said["aggregations"], None)
        after = pages.Place(place.question, depth=depth, mark=page[-1]["sort"][1])
        return _Page(page, total, said["aggregations"], after)

    async def _by_key(self, asked: texts.Clause, sort: Sort, place: pages.Place, limit: int) -> _Page:
        """What lies beyond the last product's key and mark."""
        field, order = SORTED_BY[sort]
        by: list[Any] = [{field: order}, {"mark": "asc"}]
        beyond = {"search_after": [place.key, place.mark]} if place.depth else {}
        said = await self._ask({**asked, **beyond, "sort": by, "size": limit + 1})
        hits, total = said["hits"]["hits"], said["hits"]["total"]["value"]
        page = hits[:limit]
        if len(hits) <= limit:
            return _Page(page, total, said["aggregations"], None)
        key, mark = page[-1]["sort"]
        return _Page(page, total, said["aggregations"], pages.Place(place.question, depth=1, key=key, mark=mark))

    async def _ask(self, body: texts.Clause) -> Any:
        whole = {"_source": ["shown"], "track_total_hits": True, **body}
        return await self._client.search(body=whole, index=self._names.alias)

    def _note_stale(self) -> None:
        self._stale.parent.mkdir(parents=True, exist_ok=True)
        self._stale.touch()


_BY_RELEVANCE: Final[list[Any]] = [{"_score": "desc"}, {"mark": "asc"}]


def _shown(hit: Any) -> ProductDocument:
    return decode(hit["_source"]["shown"])


@asynccontextmanager
async def product_index(url: str, shop: str, home: Path, synonyms: Path) -> AsyncIterator[ProductIndex]:
    """The index of `shop` at `url`, with the owner's list of synonyms where there is one. Nothing is asked yet."""
    client = client_of(url)
    try:
        yield OpenSearchIndex(client, shop, home / "opensearch-is-stale", synonyms)
    finally:
        await client.close()
