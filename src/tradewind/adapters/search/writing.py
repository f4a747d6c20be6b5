"""Writing into a build of tantivy's: beside the loop, and with the port's own refusal for whatever goes wrong."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, ParamSpec, TypeVar
from uuid import UUID

import msgspec
from tantivy import Index, IndexWriter

from tradewind.adapters.search.fields import kept, schema, with_words
from tradewind.ports.search import ProductDocument, SearchAway

TROUBLE: Final = (OSError, ValueError, RuntimeError, msgspec.MsgspecError)
"""What tantivy raises when files are missing, damaged, of another format, or held by another writer."""
WRITER_BYTES: Final = 32_000_000
"""Memory of the writer, before it writes out by itself."""
_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


async def in_a_thread(work: Callable[_Given, _Made], *given: _Given.args, **more: _Given.kwargs) -> _Made:
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
def trouble() -> Iterator[None]:
    """Raises SearchAway for whatever tantivy raises; a panic of its is no Exception."""
    try:
        yield
    except TROUBLE as reason:
        raise SearchAway from reason
    except BaseException as panic:
        if type(panic).__name__ == "PanicException":
            raise SearchAway from panic
        raise


def opened(build: Path) -> IndexWriter:
    with trouble():
        return with_words(Index(schema(), path=str(build))).writer(WRITER_BYTES, 1)


def write_all(writer: IndexWriter, documents: Sequence[ProductDocument], gone: Sequence[UUID]) -> None:
    add(writer, documents, gone)
    commit(writer)


def add(writer: IndexWriter, documents: Sequence[ProductDocument], gone: Sequence[UUID] = ()) -> None:
    newest = {one.id: one for one in documents}
    with trouble():
        for product_id in {*gone, *newest}:
            writer.delete_documents_by_term("id", product_id.hex)
        for one in newest.values():
            writer.add_document(kept(one))


def commit(writer: IndexWriter) -> None:
    with trouble():
        writer.commit()


def finish(writer: IndexWriter) -> None:
    with trouble():
        writer.wait_merging_threads()
