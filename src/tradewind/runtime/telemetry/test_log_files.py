"""The log in files: whole lines, a file of its own for each process, and never more than a shop can spare."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tradewind.runtime.telemetry import log_files
from tradewind.runtime.telemetry.log_files import FILE_BYTES, KEPT_BYTES, LogFiles

SPEAKS = """
import sys
from pathlib import Path
from tradewind.runtime.telemetry import logs
logs.configure("INFO", "orders/edge", Path(sys.argv[1]))
logs.log.info("one", n=1)
logs.log.info("two", n=2)
"""
DIES = """
import os, signal, sys, threading
from pathlib import Path
from tradewind.runtime.telemetry.log_files import LogFiles
out = LogFiles(Path(sys.argv[1]), "edge")
for n in range(10_000_000):
    out.write(f"{n} {'x' * 200}\\n")
    n == 100 and print("go", flush=True)
"""


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def texts(folder: Path) -> list[str]:
    return [file.read_text() for file in files(folder)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a hundred bytes, of which three are kept."""
    monkeypatch.setattr(log_files, "FILE_BYTES", 100)
    monkeypatch.setattr(log_files, "KEPT_BYTES", 300)


def test_what_goes_to_standard_error_goes_into_a_file_named_after_the_process(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    said = subprocess.run([sys.executable, "-c", SPEAKS, str(folder)], capture_output=True, check=True, text=True)
    (file,) = files(folder)
    assert file.read_text() == said.stderr
    assert file.name.startswith("orders-edge.")
    assert file.stat().st_mode & 0o777 == 0o640
    found: list[Any] = [json.loads(line) for line in said.stderr.splitlines()]
    assert [(line["event"], line["process"]) for line in found] == [("one", "orders/edge"), ("two", "orders/edge")]


def test_nobody_goes_on_behind_what_a_killed_process_left(tmp_path: Path) -> None:
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", DIES, str(tmp_path)], stdout=subprocess.PIPE) as child:
            assert child.stdout
            assert child.stdout.readline() == b"go\n"
            child.send_signal(signal.SIGKILL)
    for text in texts(tmp_path):
        first, *_ = lines = text.splitlines()[:-1]
        begin = int(first.split()[0])
        assert [int(line.split()[0]) for line in lines] == list(range(begin, begin + len(lines)))
    assert sum(text.startswith("0 x") for text in texts(tmp_path)) == 2


@pytest.mark.usefixtures("small")
def test_a_full_file_is_followed_by_another_and_the_oldest_go(tmp_path: Path) -> None:
    (tmp_path / "worker.0.jsonl").write_text("another process's")
    out = LogFiles(tmp_path, "edge")
    for number in range(20):
        out.write(f"{number:02} {'x' * 36}\n")
    assert texts(tmp_path)[:-1] == [f"{n:02} {'x' * 36}\n{n + 1:02} {'x' * 36}\n" for n in (14, 16, 18)]
    assert texts(tmp_path)[-1] == "another process's"


@pytest.mark.usefixtures("small")
def test_files_of_those_before_count_too_and_a_writer_whose_file_is_gone_begins_another(tmp_path: Path) -> None:
    old = LogFiles(tmp_path, "edge")
    old.write("old\n")
    (first,) = files(tmp_path)
    first.unlink()
    old.write("still here\n")
    assert texts(tmp_path) == ["still here\n"]
    for number in range(4):
        LogFiles(tmp_path, "edge").write(f"{number} {'x' * 90}\n")
    assert [text[0] for text in texts(tmp_path)] == ["1", "2", "3"]
    old.write("here again\n")
    assert [text[0] for text in texts(tmp_path)] == ["2", "3", "h"]


def test_a_crash_in_a_loop_leaves_no_more_files_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "KEPT_FILES", 3)
    for number in range(5):
        LogFiles(tmp_path, "edge").write(f"{number}\n")
    assert texts(tmp_path) == ["2\n", "3\n", "4\n"]


def test_what_cannot_be_written_is_lost_and_what_comes_after_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.write_text("in the way")
    out = LogFiles(folder, "edge")
    assert out.write("lost\n") == 5
    folder.unlink()
    out.write("kept\n")
    assert texts(folder) == ["kept\n"]


def test_behind_half_a_line_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, room = os.write, [3]

    def on_a_full_volume(file: int, data: bytes) -> int:
        return write(file, data[: room.pop()] if room else data)

    monkeypatch.setattr("tradewind.runtime.telemetry.log_files.os.write", on_a_full_volume)
    out = LogFiles(tmp_path, "edge")
    out.write("torn line\n")
    out.write("whole line\n")
    assert texts(tmp_path) == ["tor", "whole line\n"]


def test_what_is_kept_is_more_than_one_file() -> None:
    assert KEPT_BYTES == 16 * FILE_BYTES
