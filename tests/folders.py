"""Where a run keeps its folders: in memory, where there is room for them.

Each test has a database of its own, some two thousand files that are made and dropped again: on the disk of a small
machine that took longer than most tests. What a run that failed has left is kept until the next one begins.
"""

import os
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

MEMORY: Final = Path("/dev/shm")
PREFIX: Final = "tradewind-tests-"
ROOM_BYTES: Final = 6 << 30
"""A whole run leaves less than half of it."""


def pytest_configure(config: pytest.Config) -> None:
    """Before pytest looks where folders go; workers are told by their controller."""
    if hasattr(config, "workerinput") or config.option.basetemp is not None:
        return
    _clear()
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES < _unused():
        config.option.basetemp = str(MEMORY / f"{PREFIX}{os.getpid()}")


def pytest_report_header(config: pytest.Config) -> str:
    """Where to look after a failure."""
    return f"folders of this run: {config.option.basetemp or 'where pytest keeps them'}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Nobody looks at what passed."""
    ours: Any = session.config.option.basetemp
    if not exitstatus and not hasattr(session.config, "workerinput") and PREFIX in str(ours):
        shutil.rmtree(ours, ignore_errors=True)


def _clear() -> None:
    """Remove what runs left that are no more."""
    for folder in MEMORY.glob(f"{PREFIX}*"):
        if not Path("/proc", folder.name.removeprefix(PREFIX)).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _unused() -> int:
    """Bytes of memory that are free for the asking; none where the kernel does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), 0)
