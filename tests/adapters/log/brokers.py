"""The broker's process, found by the port on which it listens: killed, and started again just as it was."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.engines.home import birth

LISTEN = "0A"


def listener(port: int) -> int:
    """The process that listens on `port` of this machine; the test is left out where it is somewhere else."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    inodes = {words[9] for words in lines if words[3] == LISTEN and int(words[1].rpartition(":")[2], 16) == port}
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if any(os.readlink(one) in sockets for one in (process / "fd").iterdir()):
                    return int(process.name)
            except OSError:
                continue
    pytest.skip("engine: the broker is not a process of this machine that may be killed")


class Broker:
    """One whose process may be killed."""

    def __init__(self, port: int) -> None:
        self.port = port
        pid = listener(port)
        process = Path("/proc", str(pid))
        self._argv = [word.decode() for word in (process / "cmdline").read_bytes().split(b"\0")[:-1]]
        self._folder = os.readlink(process / "cwd")
        self._pid_file = next((one for one in self._pid_files() if one.read_text().split()[:1] == [str(pid)]), None)

    def _pid_files(self) -> list[Path]:
        """Where its keeper may look for its number: beside its configuration."""
        return [one for word in self._argv if word.endswith(".properties") for one in Path(word).parent.glob("*pid*")]

    async def kill(self) -> None:
        """SIGKILL, and nothing listens any more."""
        pid = listener(self.port)
        os.kill(pid, signal.SIGKILL)
        while Path("/proc", str(pid), "exe").exists():  # noqa: ASYNC110 -- another's child
            await asyncio.sleep(0.05)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It takes connections, and says nothing."""
        pid = listener(self.port)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def start(self) -> None:
        """The same command again."""
        again = subprocess.Popen(
            self._argv,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if self._pid_file is not None:
            self._pid_file.write_text(f"{again.pid} {birth(again.pid)}")
