"""A part for a nursery to bear: it says what it found, and lives until SIGTERM."""

import os
import random
import signal
import sys
import threading
from pathlib import Path

import msgspec
from msgspec import Struct

from tradewind.kernel.ids import new_id

HOW_TO_END = "HOW_TO_END"


class Found(Struct, frozen=True, kw_only=True):
    """What a part found itself to be."""

    pid: int
    parent: int
    group: int
    called: str
    arguments: list[str]
    own: str | None
    nursery_s: str | None
    chance: float
    id: str
    sockets: int
    threads: int
    edge_imported: bool


def main() -> None:
    """Write it to the folder of the first argument, as a file that appears whole; end as the environment says."""
    folder = Path(sys.argv[1])
    found = Found(
        pid=os.getpid(),
        parent=os.getppid(),
        group=os.getpgid(0),
        called=Path("/proc/self/comm").read_text().strip(),
        arguments=sys.argv[1:],
        own=os.environ.get("OF_ITS_OWN"),
        nursery_s=os.environ.get("OF_THE_NURSERY"),
        chance=random.random(),
        id=str(new_id()),
        sockets=sum(os.readlink(one).startswith("socket:") for one in _descriptors()),
        threads=threading.active_count(),
        edge_imported="tradewind.app.edge" in sys.modules,
    )
    unfinished = folder / f".{found.pid}"
    unfinished.write_bytes(msgspec.json.encode(found))
    unfinished.rename(folder / f"{found.pid}.json")
    if os.environ.get(HOW_TO_END) == "exit":
        sys.exit(7)
    if os.environ.get(HOW_TO_END) == "raise":
        raise RuntimeError("on purpose")
    signal.sigwait({signal.SIGTERM})


def _descriptors() -> list[str]:
    kept = []
    for one in Path("/proc/self/fd").iterdir():
        try:
            os.readlink(one)
        except OSError:  # the folder's own
            continue
        kept.append(str(one))
    return kept


if __name__ == "__main__":
    main()
