"""Where the processes of one start share their figures: in memory where the machine has room for files there.

Figures are files that are mapped; where the volume below them is full, who counts something new is ended by SIGBUS, and
not told. So they lie apart from what fills a home. What somebody who was killed left behind goes with the next start.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made there, for us alone
PREFIX: Final = "tradewind-figures-"
NAMED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""What tells the library of figures, in processes that inherit it, to share them."""


@contextmanager
def shared_figures(home: Path) -> Iterator[None]:
    """Name a new folder to processes that are started within; it is gone afterwards."""
    base = MEMORY if os.access(MEMORY, os.W_OK | os.X_OK) else home / "run"
    base.mkdir(parents=True, exist_ok=True)
    _clear_away(base)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    before = os.environ.get(NAMED)
    with (folder / "new").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (folder / "new").rename(folder / "held")  # locked before anybody can find it, so it is never taken for left
        os.environ[NAMED] = str(folder)
        try:
            yield
        finally:
            os.environ.pop(NAMED)
            if before is not None:
                os.environ[NAMED] = before
            shutil.rmtree(folder, ignore_errors=True)


def _clear_away(base: Path) -> None:
    """Remove what nobody holds: the kernel lets go of a lock when its holder dies, however it dies."""
    for file in base.glob(f"{PREFIX}*/held"):
        try:
            with file.open() as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(file.parent, ignore_errors=True)
        except OSError:  # somebody holds it, or it is somebody else's, or it has just gone
            continue
