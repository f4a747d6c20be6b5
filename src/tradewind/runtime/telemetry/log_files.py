"""Lines of the log in files, for whoever ships them: `<process>.<begun>-<id>.jsonl`, never renamed.

Each is written by one process. A process begins a file of its own, so that what a dead one left half written stands at
the end of a file and nowhere else. Names sort by the time at which a file was begun. How much is kept is limited: the
oldest files go first, shipped or not. Imports next to nothing, for processes that import next to nothing.
"""

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final, TextIO

from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_span_id

FILE_BYTES: Final = 8 * 1024 * 1024
"""A file that is as long as this is followed by another one."""
KEPT_BYTES: Final = 128 * 1024 * 1024
"""What the files of one process, and of those of its name before it, weigh together."""
KEPT_FILES: Final = 1_000
SUFFIX: Final = ".jsonl"
READABLE: Final = 0o640
"""By its owner, and by the group in which whoever ships the lines may be."""


class LogFiles:
    """A stream to the files of `folder` that `process` writes; what cannot be written is lost."""

    def __init__(self, folder: Path, process: str) -> None:
        self._folder, self._stem = folder, process.replace("/", "-")
        self._file: int | None = None
        self._room = 0
        self._lock = Lock()

    def write(self, line: str) -> int:
        """Write a line at once and as one."""
        encoded = line.encode()
        with self._lock, suppress(OSError):
            file = self._with_room_for(len(encoded))
            written = os.write(file, encoded)
            # The volume is full: nobody goes on behind half a line.
            self._room = self._room - written if written == len(encoded) else 0
        return len(line)

    def flush(self) -> None:
        """There is nothing left to hand on."""

    def _with_room_for(self, size: int) -> int:
        if self._file is not None:
            if self._room >= size and os.fstat(self._file).st_nlink:  # it is still there
                return self._file
            file, self._file = self._file, None
            os.close(file)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._forget()
        name = self._folder / f"{self._stem}.{now():%Y%m%dT%H%M%S%f}-{new_span_id()}{SUFFIX}"
        flags = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC
        self._file, self._room = os.open(name, flags, READABLE), FILE_BYTES
        return self._file

    def _forget(self) -> None:
        """Remove the oldest files, so that one more has room."""
        kept = FILE_BYTES
        for age, file in enumerate(sorted(self._folder.glob(f"{self._stem}.*{SUFFIX}"), reverse=True), start=1):
            with suppress(FileNotFoundError):  # another process of this name was faster
                kept += file.stat().st_size
                if kept > KEPT_BYTES or age >= KEPT_FILES:
                    file.unlink()


class Both:
    """Two streams that are told the same."""

    def __init__(self, one: TextIO, other: LogFiles) -> None:
        self._streams = one, other

    def write(self, line: str) -> int:
        """Tell both."""
        for stream in self._streams:
            stream.write(line)
        return len(line)

    def flush(self) -> None:
        """Hand on what is to be handed on."""
        for stream in self._streams:
            stream.flush()
