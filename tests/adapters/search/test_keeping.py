"""What happens to an index that is written, shared, lost or damaged: every adapter's promise, and tantivy's own."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tantivy import Index

from tests.adapters.search.conftest import a_document, names, of
from tradewind.adapters.search import fields, folder, versions
from tradewind.adapters.search.fields import with_words
from tradewind.adapters.search.writing import WRITER_BYTES
from tradewind.kernel.ids import new_id
from tradewind.ports.search import ProductDocument, ProductIndex, Question, SearchAway

WRITES_UNTIL_KILLED = """
import asyncio, sys
from pathlib import Path
from tests.adapters.search.conftest import a_document
from tradewind.adapters.search.tantivy import product_index
from uuid import UUID

async def write():
    async with product_index(Path(sys.argv[1]), Path("none")) as index:
        number = 0
        while True:
            await index.put([a_document(f"Thing {number}", id=UUID(int=one)) for one in range(50)])
            number += 1
            print(number, flush=True)

asyncio.run(write())
"""


EMBEDDED = pytest.mark.parametrize("adapter", ["tantivy"], indirect=True)
"""What is said of folders, files and the lock of the embedded index alone."""


def builds(home: Path) -> list[Path]:
    """The folders of whole builds, and of builds that were not finished."""
    return [path for path in (home / f"products-v{fields.VERSION}").iterdir() if path.is_dir()]


def the_build(home: Path) -> Path:
    (build,) = builds(home)
    return build


async def test_an_index_that_was_never_built_is_away_and_says_so(adapter: Any, home: Path, synonyms: Path) -> None:
    async with adapter(home, synonyms) as index:
        assert await index.holds() is None
        for asked in (index.search(Question()), index.suggest("a", 1), index.put([a_document("Dune")])):
            with pytest.raises(SearchAway):
                await asked
        assert await index.holds() is None


async def test_putting_a_product_twice_leaves_one_and_what_is_gone_is_gone(index: ProductIndex) -> None:
    dune, emma = a_document("Dune"), a_document("Emma")
    await index.put([dune, emma])
    await index.put([dune, a_document("Dune Messiah", id=dune.id)], [emma.id, new_id()])
    await index.put([], [])
    assert (await names(index), await index.holds()) == (["Dune Messiah"], 1)


async def test_what_is_late_or_comes_twice_changes_nothing(
    adapter: Any, index: ProductIndex, home: Path, synonyms: Path
) -> None:
    lamp, torch = a_document("Lamp"), a_document("Torch")
    newer = a_document("Lamp, newer", id=lamp.id)
    async with adapter(home, synonyms) as paused:
        await index.rebuild(of([]), 1)
        await index.put([newer], version=3)
        await paused.put([lamp, torch], version=2)
        assert sorted(await names(index)) == ["Lamp, newer", "Torch"]
        await index.put([newer], version=3)
        await index.put([], [lamp.id], version=4)
        await paused.put([newer], version=3)
        await paused.put([], [torch.id], version=1)
        assert await names(index) == ["Torch"]
        await index.rebuild(of([newer]), 5)
        await paused.put([lamp], version=4)
        await paused.put([], [lamp.id], version=4)
        assert await names(index) == ["Lamp, newer"]
        await paused.put([lamp])
        assert await names(index) == ["Lamp"]


@EMBEDDED
async def test_who_is_so_late_that_nobody_remembers_changes_nothing(
    index: ProductIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "KEPT", 2)
    several = [a_document(f"New {number}") for number in range(4)]
    for version, one in enumerate(several, 1):
        await index.put([one], version=version)
    for one in several:
        await index.put([a_document("Old", id=one.id)], version=1)
    await index.put([a_document("New 4")], version=5)
    assert sorted(await names(index)) == [f"New {number}" for number in range(5)]


async def test_other_readers_see_what_was_put_at_once(
    adapter: Any, index: ProductIndex, home: Path, synonyms: Path
) -> None:
    async with adapter(home, synonyms) as reader:
        assert await names(reader) == []
        for number in range(20):
            await index.put([a_document(f"Thing {number}")])
            assert await reader.holds() == number + 1


async def test_a_rebuild_shows_nothing_until_all_of_it_is_there(
    adapter: Any, index: ProductIndex, home: Path, synonyms: Path
) -> None:
    await index.put([a_document("Old")])
    seen = list[list[str]]()
    async with adapter(home, synonyms) as reader:

        async def documents() -> AsyncIterator[Sequence[ProductDocument]]:
            for number in range(3):
                seen.append(await names(reader))
                yield [a_document(f"New {number}")]
            seen.append(await names(reader))

        await index.rebuild(documents())
        assert seen == [["Old"]] * 4
        assert sorted(await names(reader)) == sorted(await names(index)) == ["New 0", "New 1", "New 2"]


@EMBEDDED
async def test_what_was_there_before_a_rebuild_is_removed(index: ProductIndex, home: Path) -> None:
    await index.rebuild(of([a_document("New")]))
    assert len(builds(home)) == 1


async def test_a_rebuild_that_breaks_off_changes_nothing(index: ProductIndex) -> None:
    async def documents() -> AsyncIterator[Sequence[ProductDocument]]:
        yield [a_document("New")]
        raise LookupError

    await index.put([a_document("Old")])
    with pytest.raises(LookupError):
        await index.rebuild(documents())
    assert (await names(index), await index.holds()) == (["Old"], 1)
    await index.put([a_document("Other")])
    await index.rebuild(of([a_document("Newest")]))
    assert await names(index) == ["Newest"]


@EMBEDDED
async def test_what_another_writer_holds_is_not_written_and_is_noted(
    adapter: Any, index: ProductIndex, home: Path, synonyms: Path
) -> None:
    await index.put([a_document("Dune")])
    async with adapter(home, synonyms) as other:
        held = with_words(Index.open(str(the_build(home)))).writer(WRITER_BYTES, 1)
        with pytest.raises(SearchAway):
            await other.put([a_document("Emma")])
        held.wait_merging_threads()
        assert (await index.holds(), await other.holds(), await names(other)) == (None, None, ["Dune"])
        await other.rebuild(of([a_document("Dune"), a_document("Emma")]))
        assert (await index.holds(), sorted(await names(index))) == (2, ["Dune", "Emma"])
    await index.put([a_document("Ivanhoe")])
    assert (await index.holds(), len(await names(index))) == (3, 3)


async def test_processes_may_take_turns_in_writing(
    adapter: Any, index: ProductIndex, home: Path, synonyms: Path
) -> None:
    async with adapter(home, synonyms) as other:
        for number in range(3):
            await index.put([a_document(f"Odd {number}")])
            await other.put([a_document(f"Even {number}")])
            assert (await index.holds(), await other.holds()) == (2 * number + 2,) * 2


@EMBEDDED
async def test_a_writer_that_is_killed_leaves_whole_commits_and_the_lock(
    adapter: Any, index: ProductIndex, home: Path, synonyms: Path
) -> None:
    await index.put([a_document("Thing", sku=f"S{n}") for n in range(3)])
    async with adapter(home, synonyms) as first:
        await first.rebuild(of())
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITES_UNTIL_KILLED, str(home), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(7):
            assert await process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        found = await first.search(Question(limit=100))
        assert (found.total, len({item.name for item in found.items})) == (50, 1)
        await first.put([a_document("After")])
        assert await first.holds() == 51


@EMBEDDED
@pytest.mark.parametrize("damage", ["gone", "emptied", "meta", "segments", "name"])
async def test_a_lost_or_damaged_index_says_so_and_is_whole_after_a_rebuild(
    adapter: Any, index: ProductIndex, home: Path, synonyms: Path, damage: str
) -> None:
    await index.put([a_document("Dune")])
    async with adapter(home, synonyms) as reader:
        assert await names(reader) == ["Dune"]
        damaged(home, damage)
        async with adapter(home, synonyms) as fresh:
            with pytest.raises(SearchAway):
                await fresh.search(Question())
            with pytest.raises(SearchAway):
                await fresh.suggest("dune", 1)
            assert await fresh.holds() is None
            await fresh.rebuild(of([a_document("Dune"), a_document("Emma")]))
            assert await fresh.holds() == 2
        assert (await reader.holds(), len(await names(reader))) == (2, 2)
        await index.put([a_document("Ivanhoe")])
        assert await reader.holds() == 3


def damaged(home: Path, how: str) -> None:
    """Do to the index what disks and people do."""
    build = the_build(home)
    if how == "gone":
        shutil.rmtree(home)
    elif how == "emptied":
        for file in build.iterdir():
            file.unlink()
    elif how == "meta":
        draft = build / "draft"
        draft.write_text("{")
        draft.replace(build / folder.META)
    elif how == "segments":
        for file in build.glob("*.store"):  # replaced, not cut: whoever has it open goes on reading the old one
            (build / "draft").write_bytes(file.read_bytes()[:7])
            (build / "draft").replace(file)
    else:
        (build.parent / folder.CURRENT).write_text("nowhere")


@EMBEDDED
async def test_an_index_of_other_fields_is_left_to_those_who_know_them(
    adapter: Any, index: ProductIndex, home: Path, synonyms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await index.put([a_document("Dune")])
    monkeypatch.setattr(folder, "VERSION", fields.VERSION + 1)
    async with adapter(home, synonyms) as newer:
        assert await newer.holds() is None
        assert await names(index) == ["Dune"]
        await newer.rebuild(of([a_document("Emma")]))
        assert (await names(newer), await names(index)) == (["Emma"], ["Dune"])
        await index.rebuild(of([a_document("Ivanhoe")]))
        assert (await names(newer), await names(index)) == (["Emma"], ["Ivanhoe"])


@EMBEDDED
async def test_of_indexes_of_other_fields_only_the_last_one_stays(
    adapter: Any, home: Path, synonyms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in (1, 2, 3, 2):
        monkeypatch.setattr(folder, "VERSION", version)
        async with adapter(home, synonyms) as one:
            await one.rebuild(of([a_document("Dune")]))
    assert sorted(path.name for path in home.iterdir()) == ["products-v2", "products-v3"]


@EMBEDDED
async def test_who_is_cancelled_while_writing_leaves_the_index_whole_and_fit_to_be_closed(
    adapter: Any, index: ProductIndex, home: Path, synonyms: Path
) -> None:
    await index.rebuild(of())
    for number in range(1, 6):
        async with adapter(home, synonyms) as other:
            writing = asyncio.create_task(other.put([a_document(f"Thing {number} {one}") for one in range(200)]))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
            await other.put([a_document(f"After {number}")])
        assert await index.holds() == number * 201
