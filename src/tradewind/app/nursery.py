"""One process that has imported everything, and whose forks are the parts of a shop: imports are paid once a start.

    nursery = Nursery(os.environ)                      # begins to import; nobody has to wait for it
    child = await nursery.bear([…, "-m", "tradewind.app.edge"], environment)

A part is a fork of a fork whose parent ends at once, so it becomes the child of the process that asked for it: that one
sees how it ends, and takes it along when it dies itself; the death of the nursery is nothing to those it has borne. The
part itself says that it lives, once that holds: there is none that nobody knows of.

    python -m tradewind.app.nursery CHANNEL CONTEXT…   the nursery, which reads its wishes from the socket CHANNEL
    python -m tradewind.app.nursery                    imports and ends; `make setup` has everything compiled by that
"""

import asyncio
import gc
import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import msgspec

from tradewind.adapters.database.privileges import adopt_orphans, be_called, die_with_parent
from tradewind.app.placement import CONTEXTS

PARTS: Final = ("preparing", "edge", "worker")
PROGRAMS: Final = (
    "app.cli", "app.hosting", "app.keeper", "adapters.payment_provider.simulator.__main__",
    "adapters.sensor_broker.__main__", "adapters.sensor_broker.gate", "adapters.sensor_broker.feed",
    "api.mqtt.consumer",
)  # fmt: skip
"""What else a start imports, elsewhere."""
BORN_WITHIN_S: Final = 60.0
"""Seconds for all imports and a fork, after which a nursery is killed and another one asked."""
ATTEMPTS: Final = 3
ADOPTION_POLL_S: Final = 0.001
_READ_BYTES: Final = 65_536


class Wish(msgspec.Struct, frozen=True):
    """What a part is to be: a module with a `main`, its arguments, its environment."""

    module: str
    arguments: list[str]
    environment: dict[str, str]


def load(contexts: Sequence[str] = CONTEXTS) -> None:
    """Import what the parts need, and set it aside: no garbage collection of theirs looks through it."""
    gc.disable()
    importlib.import_module("tradewind.app.first")
    for part in PARTS:
        importlib.import_module(f"tradewind.app.{part}")
    for one in contexts:
        importlib.import_module(f"tradewind.contexts.{one}.manifest")
    gc.freeze()
    gc.enable()


def become(module: str, environment: Mapping[str, str], arguments: Sequence[str] = ()) -> Any:
    """For a fork: take this environment for its own; answers the module, whose `main` is what it is for."""
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    be_called(f"tw-{module.rsplit('.', 1)[-1]}")
    return importlib.import_module(module)


def main(words: Sequence[str]) -> None:
    """Bear parts until there is nobody to ask for them. Each fork goes on from here as what it was born for."""
    load(words[1:] or CONTEXTS)
    if not words:
        for program in PROGRAMS:
            importlib.import_module(f"tradewind.{program}")
        return
    channel = socket.socket(fileno=int(words[0]))
    wish = _wished_part(channel, os.getppid())
    channel.close()
    if wish is not None:
        become(wish.module, wish.environment, wish.arguments).main()


def _wished_part(channel: socket.socket, guardian: int) -> Wish | None:
    """In a fork: what it is to be. In the nursery: None, once its guardian has hung up."""
    with channel.makefile("rb") as wishes:
        for line in wishes:
            between = os.fork()
            if between:
                os.waitpid(between, 0)
                continue
            parent = os.getpid()
            if os.fork():
                os._exit(0)
            _find_guardian(parent, guardian)
            channel.sendall(b"%d\n" % os.getpid())
            return msgspec.json.decode(line, type=Wish)
    return None


def _find_guardian(parent: int, guardian: int) -> None:
    """Be head of a group of its own, and die with the guardian; whoever is adopted by anybody else dies at once."""
    os.setsid()
    while os.getppid() == parent:
        time.sleep(ADOPTION_POLL_S)  # the kernel tells nobody that he was adopted
    die_with_parent(signal.SIGKILL, guardian)


class Born:
    """A part that is a fork of a nursery, and our child."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def wait(self) -> int:
        """Wait for its end; the exit code, or minus the number of the signal that ended it."""
        if self.returncode is None:
            _, status = os.waitpid(self.pid, 0)
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def _unwanted(asked: asyncio.Task[Born]) -> None:
    """End a part whose birth nobody waits for any more."""
    if not asked.cancelled() and not asked.exception():
        os.kill(asked.result().pid, signal.SIGKILL)
        asked.result().wait()


class Nursery:
    """Bears parts. Belongs into the main thread, whose death ends it and all that it has borne."""

    def __init__(self, environment: Mapping[str, str], contexts: Sequence[str] = ()) -> None:
        self._environment = environment
        self._contexts = contexts
        self._one_at_a_time = asyncio.Lock()
        self._asked: asyncio.Task[Born] | None = None
        self._closing = False
        adopt_orphans()
        self._start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    async def bear(self, argv: Sequence[str], environment: Mapping[str, str]) -> Born:
        """A part: what `argv`, a Python with `-m`, would run. Raises OSError when there is no way to get it."""
        _, flag, module, *arguments = argv
        assert flag == "-m", "a nursery bears modules"
        wish = Wish(module, arguments, dict(environment))
        async with self._one_at_a_time:
            self._asked = asyncio.create_task(self._ask(msgspec.json.encode(wish) + b"\n"))
            try:
                return await asyncio.shield(self._asked)
            except asyncio.CancelledError:
                self._asked.add_done_callback(_unwanted)
                raise

    async def close(self) -> None:
        """End it. What it has borne lives on, but for a part that nobody waits for any more."""
        self._closing = True
        self._process.kill()
        if self._asked:
            await asyncio.wait([self._asked])
        self._end()

    def _start(self) -> None:
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tradewind.app.nursery", str(theirs.fileno()), *self._contexts],
                stdin=subprocess.DEVNULL,
                env=self._environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),  # noqa: PLW1509 -- takes no lock
            )
        self._channel.setblocking(False)

    def _end(self) -> None:
        """Whoever is just being born after all cannot say so any more, and dies of it."""
        self._channel.close()
        self._process.kill()
        self._process.wait()

    async def _ask(self, wish: bytes) -> Born:
        for _ in range(ATTEMPTS):
            if self._process.poll() is not None:
                self._end()
                self._start()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(BORN_WITHIN_S):
                    return Born(await self._answer(wish))
            if self._closing:
                break
            self._end()
        raise OSError("the process that was to bear it has died")

    async def _answer(self, wish: bytes) -> int:
        loop, answer = asyncio.get_running_loop(), b""
        await loop.sock_sendall(self._channel, wish)
        while not answer.endswith(b"\n"):
            more = await loop.sock_recv(self._channel, _READ_BYTES)
            if not more:
                raise ConnectionResetError
            answer += more
        return int(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
