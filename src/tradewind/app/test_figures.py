"""The folder of figures: named to those who are started within, gone afterwards, also where its holder was killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tradewind.app import figures
from tradewind.app.figures import NAMED, shared_figures

HOLD = """
import sys, pathlib
from tradewind.app import figures
figures.MEMORY = pathlib.Path(sys.argv[1])
with figures.shared_figures(figures.MEMORY):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for files in memory that nobody else uses."""
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(figures, "MEMORY", folder)
    return folder


def test_what_a_killed_start_left_goes_with_the_next_and_what_another_holds_stays(memory: Path) -> None:
    argv = [sys.executable, "-c", HOLD, str(memory)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        (its,) = memory.iterdir()
        with shared_figures(memory):
            assert its.exists()
            assert len(list(memory.iterdir())) == 2
        assert list(memory.iterdir()) == [its]
        other.send_signal(signal.SIGKILL)
    assert its.exists()
    with shared_figures(memory):
        assert not its.exists()
        assert Path(os.environ[NAMED]).parent == memory
    assert list(memory.iterdir()) == []


def test_where_nothing_can_be_kept_in_memory_they_lie_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MEMORY", tmp_path / "nowhere")
    with shared_figures(tmp_path / "home"):
        assert Path(os.environ[NAMED]).parent == tmp_path / "home" / "run"
