"""What there is to know of an engine to fetch it, start it, and tell others where it is."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tools.engines.home import Home

Ports: TypeAlias = Mapping[str, int]
HOST = "127.0.0.1"


class EngineError(Exception):
    """An engine cannot be had or does not start. The message says what to do next."""


def at_once(_home: Home, _ports: Ports) -> bool:
    """What has nothing to start is ready."""
    return True


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A process to be started."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One engine. `fetch` does nothing where everything is there; `launch` writes its configuration.

    `packages` are Debian's. `settings` are those of the shop that name it. `after`: engines that must be up before.
    """

    name: str
    version: str
    packages: Sequence[str] = ()
    ports: Sequence[str] = ("port",)
    fetch: Callable[[Home], object] = bool
    launch: Callable[[Home, Ports], Launch] | None = None
    ready: Callable[[Home, Ports], bool]
    settings: Mapping[str, str]
    """By name, with {host}, the names of its ports, and {run}, its folder, in their values."""
    choose: Callable[[str], int] | None = None
    """Chooses a port where not any will do."""
    after: Sequence[str] = ()
    within_s: float = 180.0
    """How long it may take to be ready, seconds."""


def run(argv: Sequence[str], *, within_s: float, cwd: Path | None = None, what: str) -> str:
    """Run a program to its end; its output. Raises EngineError with the end of it where it fails."""
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=within_s, cwd=cwd, stdin=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError:
        raise EngineError(f"{what}: there is no {argv[0]} on this machine.") from None
    except subprocess.TimeoutExpired:
        raise EngineError(f"{what}: {argv[0]} was not done within {within_s:.0f} s.") from None
    if done.returncode:
        raise EngineError(f"{what}: {' '.join(argv[:3])} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
