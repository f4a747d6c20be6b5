"""Processes of the shop that a test may kill, started cheaply: one imports everything once, each part is a fork of it.

    nursery = Nursery(folder)
    worker = nursery.start("worker", {"TRADEWIND_DATABASE_URL": …, "TRADEWIND_FAILPOINTS": "relay.after_commit=kill@1"})
    assert await worker.ended() == -signal.SIGKILL

A part is `tradewind.app.<part>` with an environment of its own and dies with the nursery. Where the environment plants
bugs, which are read at import, it is a fresh interpreter. TRADEWIND_TEST_RELEASE names a module whose `take_effect`
makes it a later release. What is imported, and how a fork becomes a part, is told by app/nursery.py; other than there a
part stays the nursery's child, so that its death ends all, whatever becomes of a test.
"""

import asyncio
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from tradewind.adapters.database.privileges import die_with_parent
from tradewind.app.nursery import become, load
from tradewind.app.supervision import gone
from tradewind.runtime.failpoints import arm

ROOT: Final = Path(__file__).parents[2]
LAST_WORDS: Final = 1_500
"""Characters of a log's end."""


@dataclass
class Child:
    """A part of a shop, running by itself."""

    pid: int
    log: Path
    nursery: "Nursery" = field(repr=False)
    code: int | None = None

    async def ended(self, within_s: float = 60.0) -> int:
        """Wait for its end; the exit code, or minus the number of the signal that ended it."""
        if self.code is None:
            async with asyncio.timeout(within_s):
                await gone(self.pid)
        if self.code is None:
            self.code = int(self.nursery.ask({"reap": self.pid})["code"])
        return self.code

    def look(self) -> int | None:
        """How it has ended, as `ended` says it, without waiting; None while it lives."""
        if self.code is None:
            self.code = self.nursery.ask({"look": self.pid})["code"]
        return self.code

    def ended_badly(self) -> bool:
        """Whether it has ended by itself: neither in good order nor by a signal, as tests send them."""
        return self.look() not in {None, 0, -signal.SIGKILL, -signal.SIGTERM}

    def life(self) -> str:
        """Whether it lives, and its last words."""
        code = self.look()
        state = "is alive" if code is None else f"ended with {code}"
        return (
            f"process {self.pid} ({self.log}) {state}; its last words: {self.log.read_text()[-LAST_WORDS:].strip()!r}"
        )

    def kill(self, number: signal.Signals) -> None:
        """Send it a signal, unless its end was seen."""
        if self.code is None:
            os.kill(self.pid, number)

    def stopped(self) -> None:
        """Wait until it has stopped itself; only one that does so may be asked."""
        self.nursery.ask({"stopped": self.pid})

    def resume(self) -> None:
        """Let it go on."""
        self.kill(signal.SIGCONT)

    async def stop(self) -> int:
        """End it in good order; the exit code."""
        self.kill(signal.SIGTERM)
        return await self.ended()


class Nursery:
    """Starts parts, and answers how they ended. Logs go to `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, wish: Mapping[str, Any]) -> Any:
        """One wish, one answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, part: str, environment: Mapping[str, str]) -> Child:
        """Fork a part with these settings on top of the nursery's own environment."""
        log = self._folder / f"{next(self._numbers):04}-{part}.log"
        answer = self.ask({"start": part, "environment": dict(environment), "log": str(log)})
        return Child(answer["pid"], log, self)

    def close(self) -> None:
        """End the nursery and all that lives in it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Serve wishes, one JSON line each, until there are no more. Each fork goes on from here as what it is to be."""
    load()
    part = _wished_part()
    if part is not None:
        _live(part["start"], part["environment"], part["log"])


def _wished_part() -> Mapping[str, Any] | None:
    """In a fork: what it is to be. In the nursery: None, once nobody asks any more."""
    parent = os.getpid()
    for line in sys.stdin:
        wish: Mapping[str, Any] = json.loads(line)
        answer: Mapping[str, Any]
        if "reap" in wish:
            _, status = os.waitpid(wish["reap"], 0)
            answer = {"code": os.waitstatus_to_exitcode(status)}
        elif "look" in wish:
            ended, status = os.waitpid(wish["look"], os.WNOHANG)
            answer = {"code": os.waitstatus_to_exitcode(status) if ended else None}
        elif "stopped" in wish:
            _, status = os.waitpid(wish["stopped"], os.WUNTRACED)
            answer = {"stopped": os.WIFSTOPPED(status)}
        else:
            child = os.fork()
            if not child:
                die_with_parent(signal.SIGKILL, parent)
                return wish
            answer = {"pid": child}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return None


def _live(part: str, environment: Mapping[str, str], log: str) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    if "TRADEWIND_PLANTED_BUGS" in environment:
        os.environ.update(environment)
        os.execv(sys.executable, [sys.executable, "-m", f"tradewind.app.{part}"])
    module = become(f"tradewind.app.{part}", {**os.environ, **environment})
    pairs = (spec.split("=", 1) for spec in environment.get("TRADEWIND_FAILPOINTS", "").split(";") if spec)
    arm(dict(pairs))
    if release := environment.get("TRADEWIND_TEST_RELEASE"):
        importlib.import_module(release).take_effect()
    module.main()


if __name__ == "__main__":
    main()
