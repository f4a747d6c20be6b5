"""Which of several builds of the index counts: a folder for each, and a small file that names the one that readers use.

A build is made aside and named when it is whole, so nobody ever reads half of one. Of other versions of the fields the
one that was built last stays, since the release that knows them may still run beside this one.
A writer that could not write leaves a note; whoever keeps the index whole finds it and builds anew.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from tradewind.adapters.search.fields import VERSION
from tradewind.kernel.ids import new_id

CURRENT: Final = "current"
STALE: Final = "stale"
META: Final = "meta.json"
"""Of a build; another file of this name is put in its place at each commit."""

State = tuple[int, int, int] | None
"""Of a file that is only ever replaced: equal states, equal contents."""


class Folder:
    """The builds of one shop's index, of this version of its fields."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = home / f"products-v{VERSION}"

    def named(self) -> State:
        """Changes when another build is named."""
        return _state(self._path / CURRENT)

    def committed(self, build: Path) -> State:
        """Changes at each commit to a build."""
        return _state(build / META)

    def current(self) -> Path | None:
        """The build that readers use."""
        try:
            return self._path / (self._path / CURRENT).read_text()
        except OSError:
            return None

    @property
    def is_stale(self) -> bool:
        """Whether something could not be written since the last build."""
        return (self._path / STALE).exists()

    def note_stale(self) -> None:
        """Something could not be written, or not be read. Where not even this can be noted, readers get nothing."""
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            (self._path / STALE).touch()
        except OSError:
            with suppress(OSError):
                (self._path / CURRENT).unlink()

    def begin(self) -> Path:
        """A place for a new build."""
        build = self._path / new_id().hex
        build.mkdir(parents=True)
        return build

    def forget_unless_named(self, build: Path) -> None:
        """Remove a build that was not finished."""
        if self.current() != build:
            shutil.rmtree(build, ignore_errors=True)

    def name(self, build: Path) -> None:
        """Let readers use this build, in which nothing is stale; others are removed, and all other versions but one."""
        draft = self._path / f"{CURRENT}.{build.name}"
        with draft.open("w") as file:
            file.write(build.name)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path / CURRENT)
        (self._path / STALE).unlink(missing_ok=True)
        versions = sorted((one for one in self._home.iterdir() if one.is_dir() and one != self._path), key=_changed)
        for other in (*self._path.iterdir(), *versions[:-1]):
            if other.is_dir() and other != build:
                shutil.rmtree(other, ignore_errors=True)


def _changed(path: Path) -> int:
    """When a build was last begun, named or removed there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:  # somebody else has removed it
        return 0


def _state(path: Path) -> State:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
