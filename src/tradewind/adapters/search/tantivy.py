"""The port `search` on tantivy: an index in a folder of the home, one writer at a time, readers in every process.

A search takes 1 to 2 ms at 10,000 products, less than it costs to hand it to a thread and back under load, so it is
answered where it is asked. Counting the facets of a broad question costs more than finding its page, and the same few
are asked again and again: what was counted is remembered until the index changes. A commit waits for the disk (some
40 ms) and has a thread of its own; while that runs nobody else touches the writer, whoever is cancelled.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final
from uuid import UUID

from tantivy import Index, IndexWriter

from tradewind.adapters.search import facets, pages
from tradewind.adapters.search.asking import Asking
from tradewind.adapters.search.fields import with_words
from tradewind.adapters.search.folder import Folder
from tradewind.adapters.search.synonyms import Synonyms
from tradewind.adapters.search.versions import begun, in_time
from tradewind.adapters.search.viewing import View, page_of, shown
from tradewind.adapters.search.writing import WRITER_BYTES, add, commit, finish, in_a_thread, opened, trouble, write_all
from tradewind.kernel.pages import write
from tradewind.ports.search import (
    MAX_SUGGESTIONS,
    Found,
    ProductDocument,
    ProductIndex,
    Question,
    SearchAway,
)

REPEATED_NAMES: Final = 3
"""Products looked at for each suggestion, since editions share their names."""


class TantivyIndex:
    """The port `ProductIndex` in one folder. Opened by `product_index`."""

    def __init__(self, home: Path, synonyms: Path) -> None:
        self._folder = Folder(home)
        self._synonyms = Synonyms(synonyms)
        self._view: View | None = None
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
                await in_a_thread(self._put, documents, gone, version)

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
            products = [shown(view.searcher, address) for _, address in hits]
        return pages.of_each_name(products, limit)

    async def holds(self) -> int | None:
        """Documents in the build that readers use; None where there is none, or something is missing in it."""
        if self._folder.is_stale:
            return None
        with suppress(SearchAway), trouble():
            return self._looking().searcher.num_docs
        return None

    async def rebuild(
        self,
        documents: AsyncIterator[Sequence[ProductDocument]],
        version: int | None = None,
    ) -> None:
        """Make a build of its own beside the present one, and let readers change over to it."""
        async with self._turn:
            with trouble():
                build = self._folder.begin()
            try:
                writer = await in_a_thread(opened, build)
                async for some in documents:
                    await in_a_thread(add, writer, some)
                await in_a_thread(commit, writer)
                await in_a_thread(finish, writer)
                with trouble():
                    begun(build, version)
                    self._folder.name(build)
            finally:
                self._folder.forget_unless_named(build)

    async def close(self) -> None:
        """Return once nothing is being written."""
        async with self._turn:
            return

    def _looking(self) -> View:
        """What there is now: looked at anew where another build was named, or something was committed to this one."""
        named = self._folder.named()
        if self._view is None or self._view.named != named:
            build = self._folder.current()
            if build is None:
                raise SearchAway
            self._view = View(build, named, self._folder.committed(build))
        elif (committed := self._folder.committed(self._view.build)) != self._view.committed:
            self._view.follow(committed)
        return self._view

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """What cannot be read is to be built anew, unless it has been, meanwhile."""
        try:
            with trouble():
                yield
        except SearchAway:
            seen, self._view = self._view, None
            if seen is None or seen.named == self._folder.named():
                self._folder.note_stale()
            raise

    def _search(self, view: View, question: Question, place: pages.Place) -> Found:
        asking = Asking(question.text, self._synonyms)
        chosen = facets.filters(view.schema, question)
        query = asking.query(view.schema, view.searcher)
        page = page_of(view, facets.narrowed(query, chosen), question, place)
        if not page.total and len(asking.words) > 1:
            query = asking.query(view.schema, view.searcher, lenient=True)
            page = page_of(view, facets.narrowed(query, chosen), question, place)
        return Found(
            items=tuple(shown(view.searcher, address) for address in page.addresses),
            total=page.total,
            facets=view.facets(query, chosen, question),
            next=None if page.after is None else write(page.after),
        )

    def _put(self, documents: Sequence[ProductDocument], gone: Sequence[UUID], version: int | None) -> None:
        """Another process may be the next to write, so the writer is let go of."""
        try:
            build, writer = self._writer()
            try:
                documents, gone = in_time(build, documents, gone, version)
                write_all(writer, documents, gone)
            finally:
                with suppress(SearchAway):
                    finish(writer)
        except SearchAway:
            self._folder.note_stale()
            raise

    def _writer(self) -> tuple[Path, IndexWriter]:
        build = self._folder.current()
        if build is None:
            raise SearchAway
        with trouble():
            return build, with_words(Index.open(str(build))).writer(WRITER_BYTES, 1)


@asynccontextmanager
async def product_index(home: Path, synonyms: Path) -> AsyncIterator[ProductIndex]:
    """The index in the folder `home`, with the owner's list of synonyms where there is one. Nothing is opened yet."""
    index = TantivyIndex(home, synonyms)
    try:
        yield index
    finally:
        await index.close()
