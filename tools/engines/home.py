"""The folder of the engines, and the processes that were started from it."""

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

POLL_S: Final = 0.1
STOP_WITHIN_S: Final = 30.0
"""After this an engine that was asked to stop is killed."""


@dataclass(frozen=True)
class Home:
    """`folder` holds what was fetched in one folder per engine, and `run/<engine>` what each makes while it runs."""

    folder: Path

    @classmethod
    def of_environment(cls) -> "Home":
        """ENGINES_HOME, or `.engines` where one stands."""
        return cls(Path(os.environ.get("ENGINES_HOME") or ".engines").resolve())

    def fetched(self, name: str) -> Path:
        """Where an engine's files are."""
        return self.folder / name

    def run(self, name: str) -> Path:
        """Where it has its configuration, data, log and process id; made if it is not there."""
        found = self.folder / "run" / name
        found.mkdir(parents=True, exist_ok=True)
        return found

    def log(self, name: str) -> Path:
        """What it said."""
        return self.run(name) / "log"

    def last_words(self, name: str, lines: int = 15) -> str:
        """The end of what it said."""
        log = self.log(name)
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    @property
    def env(self) -> Path:
        """The file of the settings that name what runs."""
        return self.folder / "env"

    def ports(self, name: str) -> dict[str, int]:
        """The ports it had last."""
        file = self.run(name) / "ports.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def remember(self, name: str, ports: dict[str, int]) -> None:
        """Note its ports, so that the next start has them again."""
        (self.run(name) / "ports.json").write_text(json.dumps(ports))

    def pid(self, name: str) -> int | None:
        """Its process, if it lives and is the one that was started here."""
        file = self.run(name) / "pid"
        if not file.exists():
            return None
        pid, born = (int(part) for part in file.read_text().split())
        return pid if birth(pid) == born else None

    def started(self, name: str, pid: int) -> None:
        """Note its process: id and moment of birth, as ids are used again. What is gone already is not noted."""
        if (born := birth(pid)) is not None:
            (self.run(name) / "pid").write_text(f"{pid} {born}")

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> bool:
        """Ask it to stop, kill it where it does not; whether it was there. Its children go with it."""
        pid = self.pid(name)
        if pid is None:
            return False
        _signal(pid, number)
        until = time.monotonic() + STOP_WITHIN_S
        while birth(pid) is not None:
            if time.monotonic() > until:
                _signal(pid, signal.SIGKILL)
            time.sleep(POLL_S)
        (self.run(name) / "pid").unlink(missing_ok=True)
        return True

    def resident_mib(self, name: str) -> int:
        """Memory of its process group, MiB."""
        pid = self.pid(name)
        return 0 if pid is None else sum(_resident_kib(one) for one in _group(pid)) // 1024


def birth(pid: int) -> int | None:
    """When a living process was born, in ticks of the kernel; None of one that is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def _signal(pid: int, number: signal.Signals) -> None:
    """To the whole session: each engine was started as the leader of one."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def _group(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if os.getpgid(int(entry.name)) == leader:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found


def _resident_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
