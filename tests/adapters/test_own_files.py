"""Files of the home: many that are written at once share a flush of their folder, and nothing else."""

import asyncio
from pathlib import Path

from tradewind.adapters.own_files import AT_ONCE, OwnFiles


async def test_many_at_once_are_each_written_whole_and_under_their_own_name(tmp_path: Path) -> None:
    files, count = OwnFiles(tmp_path / "mail", "eml"), 2 * AT_ONCE + 1
    await asyncio.gather(*(files.write("ada", number, b"%d" % number * 50) for number in range(count)))
    found = {path.name: path.read_bytes() for path in (tmp_path / "mail").iterdir()}
    assert found == {f"ada.{number}.eml": b"%d" % number * 50 for number in range(count)}


async def test_one_that_cannot_be_written_fails_alone_and_leaves_nothing(tmp_path: Path) -> None:
    files = OwnFiles(tmp_path, "eml")
    said = await asyncio.gather(
        files.write("ada", 1, b"x"), files.write("ada", "y" * 300, b"y"), files.write("ada", 2, b"z"),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(one) for one in said] == [type(None), OSError, type(None)]
    assert {path.name for path in tmp_path.iterdir()} == {"ada.1.eml", "ada.2.eml"}


async def test_who_gives_up_waiting_takes_nobody_along(tmp_path: Path) -> None:
    files = OwnFiles(tmp_path, "eml")
    first, second = (asyncio.create_task(files.write("ada", number, b"x")) for number in (1, 2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    await files.write("ada", 3, b"x")
    assert {path.name for path in tmp_path.iterdir()} >= {"ada.2.eml", "ada.3.eml"}
    assert first.cancelled()


async def test_where_the_folder_cannot_be_everybody_is_told(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    files = OwnFiles(tmp_path / "mail", "eml")
    said = await asyncio.gather(*(files.write("ada", number, b"x") for number in (1, 2)), return_exceptions=True)
    assert all(isinstance(one, OSError) for one in said)
