"""A stream to whoever listens: what cannot be written is lost, and whoever wrote it goes on.

A volume is full, a pipe has closed: that nobody can be told of it is no reason to stop what else can be done.
"""

from contextlib import suppress
from typing import TextIO


class Lossy:
    """`stream`, whose troubles are nobody's."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what can be handed on; the rest is tried again with what comes next."""
        with suppress(OSError):
            self._stream.flush()
