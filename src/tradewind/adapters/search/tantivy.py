"""The port `search` on tantivy: an index in a folder of the home, one writer at a time, readers in every process.

A search takes 1 to 2 ms at 10,000 products, less than it costs to hand it to a thread and back under load, so it is
answered where it is asked. Counting the facets of a broad question costs more than finding its page, and the same few
are asked again and again: what was counted is remembered until the index changes. A commit waits for the disk (some
40 ms) and has a thread of its own; while that runs nobody else touches the writer, whoever is cancelled.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, ParamSpec, TypeVar
from uuid import UUID

import msgspec
from cachetools import LRUCache
from tantivy import DocAddress, FieldType, Index, IndexWriter, Occur, Order, Query, Schema, Searcher, SearchResult

from tradewind.adapters.search import facets, pages
from tradewind.adapters.search.asking import Asking
from tradewind.adapters.search.fields import decode, kept, schema, with_words
from tradewind.adapters.search.folder import Folder, State
from tradewind.adapters.search.synonyms import Synonyms
from tradewind.kernel.pages import write
from tradewind.ports.search import (
    MAX_DEPTH,
    MAX_PAGE,
    MAX_SUGGESTIONS,
    Facets,
    Found,
    ProductDocument,
    ProductIndex,
    Question,
    SearchAway,
    Sort,
)

TROUBLE: Final = (OSError, ValueError, RuntimeError, msgspec.MsgspecError)
"""What tantivy raises when files are missing, damaged, of another format, or held by another writer."""
WRITER_BYTES: Final = 32_000_000
"""Memory of the writer, before it writes out by itself."""
SLACK: Final = 50
"""Products by which the last one shown may have moved up or down until the next page is asked for."""
REPEATED_NAMES: Final = 3
"""Products looked at for each suggestion, since editions share their names."""
REMEMBERED: Final = 256
"""Questions whose facets are remembered, those asked last. One takes some 10 kB."""
SORTED_BY: Final = {
    Sort.PRICE: ("by_price", Order.Asc),
    Sort.DEAREST: ("by_price", Order.Desc),
    Sort.NEWEST: ("by_time", Order.Desc),
    Sort.RATING: ("by_rating", Order.Desc),
}
_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


class _View:
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


class TantivyIndex:
    """The port `ProductIndex` in one folder. Opened by `product_index`."""

    def __init__(self, home: Path, synonyms: Path) -> None:
        self._folder = Folder(home)
        self._synonyms = Synonyms(synonyms)
        self._view: _View | None = None
        self._turn = asyncio.Lock()

    async def put(
        self,
        documents: Sequence[ProductDocument],
        gone: Sequence[UUID] = (),
        version: int | None = None,
    ) -> None:
        """Upsert and remove in one commit; SearchAway where it could not be written, which is noted for a rebuild."""
        if documents or gone:
            async with self._turn:
                await _in_a_thread(self._put, documents, gone)

    async def search(self, question: Question) -> Found:
        """A page, its facets and the next page's cursor."""
        question = pages.readable_question(question)
        place = pages.read(question)
        with self._reading():
            return self._search(self._looking(), question, place)

    async def suggest(self, text: str, limit: int) -> Sequence[ProductDocument]:
        """By relevance, the last word being a beginning; no two of one name."""
        limit = max(1, min(limit, MAX_SUGGESTIONS))
        with self._reading():
            view = self._looking()
            query = Asking(text.strip(), self._synonyms).query(view.schema, view.searcher)
            hits = view.searcher.search(query, limit * REPEATED_NAMES, count=False, weight_by_field="weight").hits
            products = [_shown(view.searcher, address) for _, address in hits]
        return list({product.name: product for product in reversed(products)}.values())[::-1][:limit]

    async def holds(self) -> int | None:
        """Documents in the build that readers use; None where there is none, or something is missing in it."""
        if self._folder.is_stale:
            return None
        with suppress(SearchAway), _trouble():
            return self._looking().searcher.num_docs
        return None

    async def rebuild(
        self,
        documents: AsyncIterator[Sequence[ProductDocument]],
        version: int | None = None,
    ) -> None:
        """Make a build of its own beside the present one, and let readers change over to it."""
        async with self._turn:
            with _trouble():
                build = self._folder.begin()
            try:
                writer = await _in_a_thread(_opened, build)
                async for some in documents:
                    await _in_a_thread(_add, writer, some)
                await _in_a_thread(_commit, writer)
                await _in_a_thread(_finish, writer)
                with _trouble():
                    self._folder.name(build)
            finally:
                self._folder.forget_unless_named(build)

    async def close(self) -> None:
        """Return once nothing is being written."""
        async with self._turn:
            return

    def _looking(self) -> _View:
        """What there is now: looked at anew where another build was named, or something was committed to this one."""
        named = self._folder.named()
        if self._view is None or self._view.named != named:
            build = self._folder.current()
            if build is None:
                raise SearchAway
            self._view = _View(build, named, self._folder.committed(build))
        elif (committed := self._folder.committed(self._view.build)) != self._view.committed:
            self._view.follow(committed)
        return self._view

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """What cannot be read is to be built anew, unless it has been, meanwhile."""
        try:
            with _trouble():
                yield
        except SearchAway:
            seen, self._view = self._view, None
            if seen is None or seen.named == self._folder.named():
                self._folder.note_stale()
            raise

    def _search(self, view: _View, question: Question, place: pages.Place) -> Found:
        asking = Asking(question.text, self._synonyms)
        chosen = facets.filters(view.schema, question)
        query = asking.query(view.schema, view.searcher)
        page = _page(view, facets.narrowed(query, chosen), question, place)
        if not page.total and len(asking.words) > 1:
            query = asking.query(view.schema, view.searcher, lenient=True)
            page = _page(view, facets.narrowed(query, chosen), question, place)
        return Found(
            items=tuple(_shown(view.searcher, address) for address in page.addresses),
            total=page.total,
            facets=view.facets(query, chosen, question),
            next=None if page.after is None else write(page.after),
        )

    def _put(self, documents: Sequence[ProductDocument], gone: Sequence[UUID]) -> None:
        """Another process may be the next to write, so the writer is let go of."""
        try:
            writer = self._writer()
            try:
                _write(writer, documents, gone)
            finally:
                with suppress(SearchAway):
                    _finish(writer)
        except SearchAway:
            self._folder.note_stale()
            raise

    def _writer(self) -> IndexWriter:
        build = self._folder.current()
        if build is None:
            raise SearchAway
        with _trouble():
            return with_words(Index.open(str(build))).writer(WRITER_BYTES, 1)


async def _in_a_thread(work: Callable[_Given, _Made], *given: _Given.args, **more: _Given.kwargs) -> _Made:
    """Do it beside the loop. Who is cancelled meanwhile waits for the end of it: the thread goes on with the writer.

    tantivy lets go of the interpreter while it writes and lets nobody else have the writer ("Already borrowed").
    """
    thread = asyncio.get_running_loop().run_in_executor(None, partial(work, *given, **more))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        while not thread.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({thread})
        thread.exception()
        raise


@contextmanager
def _trouble() -> Iterator[None]:
    """Raises SearchAway for whatever tantivy raises; a panic of its is no Exception."""
    try:
        yield
    except TROUBLE as reason:
        raise SearchAway from reason
    except BaseException as panic:
        if type(panic).__name__ == "PanicException":
            raise SearchAway from panic
        raise


def _opened(build: Path) -> IndexWriter:
    with _trouble():
        return with_words(Index(schema(), path=str(build))).writer(WRITER_BYTES, 1)


def _write(writer: IndexWriter, documents: Sequence[ProductDocument], gone: Sequence[UUID]) -> None:
    _add(writer, documents, gone)
    _commit(writer)


def _add(writer: IndexWriter, documents: Sequence[ProductDocument], gone: Sequence[UUID] = ()) -> None:
    newest = {one.id: one for one in documents}
    with _trouble():
        for product_id in {*gone, *newest}:
            writer.delete_documents_by_term("id", product_id.hex)
        for one in newest.values():
            writer.add_document(kept(one))


def _commit(writer: IndexWriter) -> None:
    with _trouble():
        writer.commit()


def _finish(writer: IndexWriter) -> None:
    with _trouble():
        writer.wait_merging_threads()


def _shown(searcher: Searcher, address: DocAddress) -> ProductDocument:
    stored: bytes = searcher.doc(address)["shown"][0]
    return decode(bytes(stored))


class _Page(NamedTuple):
    """Where the products of one page are kept, how many there are on all pages, and where the next page begins."""

    addresses: Sequence[DocAddress]
    total: int
    after: pages.Place | None


def _page(view: _View, query: Query, question: Question, place: pages.Place) -> _Page:
    limit = max(1, min(question.limit, MAX_PAGE))
    if question.sort is Sort.RELEVANCE:
        return _by_relevance(view, query, place, limit)
    return _by_key(view, query, question.sort, place, limit)


def _by_relevance(view: _View, query: Query, place: pages.Place, limit: int) -> _Page:
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
        return _Page(page, total, None)
    (last,) = view.searcher.fast_field_values("mark", page[-1:])
    return _Page(page, total, pages.Place(place.question, depth=depth, mark=int(last or 0)))


def _by_key(view: _View, query: Query, sort: Sort, place: pages.Place, limit: int) -> _Page:
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
        return _Page(addresses, total, None)
    last = page[-1][0]
    seen = [mark for key, _, mark in page if key == last] + [mark for mark in place.seen if place.key == last]
    return _Page(addresses, total, pages.Place(place.question, key=last, seen=tuple(seen[: pages.MAX_SEEN])))


def _counted(found: SearchResult) -> int:
    return int(found.count)  # type: ignore[attr-defined]  # there is, though the stubs leave it out


@asynccontextmanager
async def product_index(home: Path, synonyms: Path) -> AsyncIterator[ProductIndex]:
    """The index in the folder `home`, with the owner's list of synonyms where there is one. Nothing is opened yet."""
    index = TantivyIndex(home, synonyms)
    try:
        yield index
    finally:
        await index.close()
