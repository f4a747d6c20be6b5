"""One state of an index of tantivy's: what it finds, page by page, and what was counted in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from cachetools import LRUCache
from tantivy import DocAddress, FieldType, Index, Occur, Order, Query, Schema, Searcher, SearchResult

from tradewind.adapters.search import facets, pages
from tradewind.adapters.search.fields import decode, with_words
from tradewind.adapters.search.folder import State
from tradewind.ports.search import MAX_DEPTH, MAX_PAGE, Facets, ProductDocument, Question, Sort

SLACK: Final = 50
"""Products by which the last one shown may have moved up or down until the next page is asked for."""
REMEMBERED: Final = 256
"""Questions whose facets are remembered, those asked last. One takes some 10 kB."""
SORTED_BY: Final = {
    Sort.PRICE: ("by_price", Order.Asc),
    Sort.DEAREST: ("by_price", Order.Desc),
    Sort.NEWEST: ("by_time", Order.Desc),
    Sort.RATING: ("by_rating", Order.Desc),
}


class View:
    """One state of one build, and what is known of it."""

    def __init__(self, build: Path, named: State, committed: State) -> None:
        self.named, self.committed, self.build = named, committed, build
        self.index = with_words(Index.open(str(build)))
        self.index.config_reader("manual")
        self._look()

    def follow(self, committed: State) -> None:
        """Look again."""
        self.committed = committed
        self._look()

    def _look(self) -> None:
        self.index.reload()
        self.searcher: Searcher = self.index.searcher()
        self.attributes = facets.names(self.searcher)
        self._facets: LRUCache[bytes, Facets] = LRUCache(REMEMBERED)

    def facets(self, query: Query, chosen: facets.Filters, question: Question) -> Facets:
        """Counted once for all pages and sorts of a question."""
        key = pages.unpaged(question)
        found: Facets | None = self._facets.get(key)
        if found is None:
            found = self._facets[key] = facets.count(self.searcher, query, chosen, question, self.attributes)
        return found

    @property
    def schema(self) -> Schema:
        """The fields."""
        return self.index.schema


def shown(searcher: Searcher, address: DocAddress) -> ProductDocument:
    stored: bytes = searcher.doc(address)["shown"][0]
    return decode(bytes(stored))


class Page(NamedTuple):
    """Where the products of one page are kept, how many there are on all pages, and where the next page begins."""

    addresses: Sequence[DocAddress]
    total: int
    after: pages.Place | None


def page_of(view: View, query: Query, question: Question, place: pages.Place) -> Page:
    limit = max(1, min(question.limit, MAX_PAGE))
    if question.sort is Sort.RELEVANCE:
        return _by_relevance(view, query, place, limit)
    return _by_key(view, query, question.sort, place, limit)


def _by_relevance(view: View, query: Query, place: pages.Place, limit: int) -> Page:
    """What follows the last product shown, wherever it stands now; where it is gone, what follows its old place."""
    deepest = min(place.depth + limit + 1 + (SLACK if place.depth else 0), MAX_DEPTH)
    found = view.searcher.search(query, deepest, count=True, weight_by_field="weight")
    addresses, total = [address for _, address in found.hits], _counted(found)
    begin = place.depth
    if begin:
        near = range(max(0, begin - SLACK), len(addresses))
        marks = view.searcher.fast_field_values("mark", [addresses[at] for at in near])
        begin = next((at + 1 for at, mark in zip(near, marks, strict=True) if mark == place.mark), begin)
    page = addresses[begin : begin + limit]
    depth = begin + len(page)
    if not page or len(addresses) <= depth or depth >= MAX_DEPTH:
        return Page(page, total, None)
    (last,) = view.searcher.fast_field_values("mark", page[-1:])
    return Page(page, total, pages.Place(place.question, depth=depth, mark=int(last or 0)))


def _by_key(view: View, query: Query, sort: Sort, place: pages.Place, limit: int) -> Page:
    """What lies beyond the last key, and those of the very same that were not shown."""
    field, order = SORTED_BY[sort]
    total = None
    if place.seen:
        total = _counted(view.searcher.search(query, 1, count=True))
        low, high = (place.key, None) if order is Order.Asc else (None, place.key)
        beyond = Query.range_query(view.schema, field, FieldType.Unsigned, low, high)
        query = Query.boolean_query([(Occur.Must, query), (Occur.Must, beyond)])
    found = view.searcher.search(query, limit + 1 + len(place.seen), count=True, order_by_field=field, order=order)
    total = _counted(found) if total is None else total
    marks = view.searcher.fast_field_values("mark", [address for _, address in found.hits])
    fresh = [
        (int(key), address, int(mark or 0))
        for (key, address), mark in zip(found.hits, marks, strict=True)
        if key != place.key or mark not in place.seen
    ]
    page, rest = fresh[:limit], fresh[limit:]
    addresses = [address for _, address, _ in page]
    if not rest:
        return Page(addresses, total, None)
    last = page[-1][0]
    seen = [mark for key, _, mark in page if key == last] + [mark for mark in place.seen if place.key == last]
    return Page(addresses, total, pages.Place(place.question, key=last, seen=tuple(seen[: pages.MAX_SEEN])))


def _counted(found: SearchResult) -> int:
    return int(found.count)  # type: ignore[attr-defined]  # there is, though the stubs leave it out
