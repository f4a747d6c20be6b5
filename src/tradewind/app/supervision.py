"""Keeping parts alive: processes that are started, in order or at once, restarted when they die, never left behind.

A part dies with its supervisor, even by kill -9: the kernel is asked to see to it. A part is the head of its own
process group, so Ctrl-C reaches the supervisor alone, which then stops the parts one by one, last started first.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from tradewind.adapters.database.privileges import die_with_parent

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
STEADY_AFTER_S: Final = 10.0
"""A part that lived for so long starts again with the first, short pause."""
ATTEMPTS_AT_START: Final = 4
"""Deaths in a row before a part was ready even once, after which the supervisor gives up."""

Progress = Callable[[str], None]


def silent(step: str) -> None:
    """The progress callback of those who do not care."""


def _nothing() -> None:
    return


async def _nothing_to_add() -> Sequence[str]:
    return ()


async def _ready_at_once() -> None:
    return


class Child(Protocol):
    """A process that is our child. Its id is its own until it was waited for."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def wait(self) -> int: ...


class Bears(Protocol):
    """Whoever starts a part otherwise than by executing its program."""

    async def bear(self, argv: Sequence[str], environment: Mapping[str, str], /) -> Child: ...


class PartError(RuntimeError):
    """A part could not be started. Its own output says why."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process of the shop. `argv[0]` is a path; output goes where the supervisor's own goes.

    `nursery`: who bears it; then it has the nursery's working folder, and dies by SIGKILL.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    cwd: Path | None = None
    before: Callable[[], Awaitable[Sequence[str]]] = _nothing_to_add
    """Awaited before every start; its answer is added to `argv`."""
    ready: Callable[[], Awaitable[None]] = _ready_at_once
    """Returns once the part can be used; cancelled when the part dies meanwhile."""
    ready_within_s: float = 60.0
    """Seconds after which a part that is not ready is killed and started again."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_s: float = 15.0
    """Seconds between `stop_signal` and SIGKILL."""
    death_signal: signal.Signals = signal.SIGKILL
    """What the part gets from the kernel when the supervisor dies without a word."""
    nursery: Bears | None = None


async def gone(process: int) -> None:
    """Wait until a process has ended, our child or not; a child is not reaped. Returns at once when there is none."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


class _Keeping:
    """One part under supervision."""

    def __init__(self, part: Part, progress: Progress) -> None:
        self.part = part
        self.ready = asyncio.Event()
        self._progress = progress
        self._child: Child | None = None

    async def forever(self) -> None:
        """Start the part again and again. Raises PartError when it never gets ready."""
        pause, failures, clock = FIRST_PAUSE_S, 0, asyncio.get_running_loop().time
        while True:
            since = clock()
            end = await self._live()
            failures += 1
            if not self.ready.is_set() and failures >= ATTEMPTS_AT_START:
                raise PartError(f"{self.part.name} does not start: {failures} attempts, the last one {end}")
            if clock() - since > STEADY_AFTER_S:
                pause = FIRST_PAUSE_S
            self._progress(f"{self.part.name} {end}; starting it again")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _live(self) -> str:
        """One life of the part; answers how it ended."""
        try:
            child = await self._start()
        except (OSError, subprocess.SubprocessError) as failure:  # no memory for another process, for one
            return f"could not be started ({failure})"
        if not await self._becomes_ready(child):
            self._kill(child)
        return _ended(await self._end_of(child))

    async def _start(self) -> Child:
        part = self.part
        argv = [*part.argv, *await part.before()]
        self._child = await part.nursery.bear(argv, part.env) if part.nursery else self._executed(argv)
        return self._child

    def _executed(self, argv: Sequence[str]) -> Child:
        """Takes a millisecond, and must fork from this very thread."""
        part = self.part
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            env=part.env,
            cwd=part.cwd,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, part.death_signal, os.getpid()),  # noqa: PLW1509 -- takes no lock
        )

    async def _becomes_ready(self, child: Child) -> bool:
        ending = asyncio.ensure_future(gone(child.pid))
        starting = asyncio.ensure_future(self.part.ready())
        try:
            await asyncio.wait(
                (ending, starting), timeout=self.part.ready_within_s, return_when=asyncio.FIRST_COMPLETED
            )
            if ending.done() or not starting.done():
                return False
            starting.result()
        finally:
            for task in (ending, starting):
                task.cancel()
        self.ready.set()
        self._progress(f"{self.part.name} is up")
        return True

    async def _end_of(self, child: Child) -> int:
        await gone(child.pid)
        with suppress(ProcessLookupError, PermissionError):  # what the part itself left behind; before its id is free
            os.killpg(child.pid, signal.SIGKILL)
        code = child.wait()
        with suppress(ChildProcessError):  # what it left behind is our child now, where we adopt orphans
            while os.waitpid(-child.pid, os.WNOHANG)[0]:  # noqa: ASYNC222 -- does not wait
                pass
        return code

    async def stop(self) -> None:
        """End the part: its stop signal first, SIGKILL after its grace."""
        child = self._child
        if child is None or child.returncode is not None:
            return
        self._progress(f"Stopping {self.part.name}")
        os.kill(child.pid, self.part.stop_signal)
        try:
            async with asyncio.timeout(self.part.stop_grace_s):
                await gone(child.pid)
        except TimeoutError:
            self._progress(f"{self.part.name} did not stop within {self.part.stop_grace_s:g} s; killing it")
            self._kill(child)
        await self._end_of(child)

    @staticmethod
    def _kill(child: Child) -> None:
        os.kill(child.pid, signal.SIGKILL)  # its id is taken until it is reaped, so this hits nobody else


class Supervisor:
    """Runs parts until it is told to stop. Belongs into the main thread: the parts die with the thread that forks."""

    def __init__(self, parts: Sequence[Part], progress: Progress = silent, *, at_once: bool = False) -> None:
        self._at_once = at_once
        self._keepings = [_Keeping(part, progress) for part in parts]
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask `run` to stop the parts and return."""
        self._stopping.set()

    async def run(self, on_ready: Callable[[], None] = _nothing, on_stop: Callable[[], None] = _nothing) -> None:
        """Start the parts and keep them until SIGTERM, SIGINT, `stop` or cancelled.

        Each is started once the one before is ready, or all `at_once`; they are stopped last one first either way.
        `on_ready` is called when all are up for the first time, `on_stop` before one is stopped. Raises PartError
        when a part cannot be started. However it ends, no part is left.
        """
        tasks: list[asyncio.Task[None]] = []
        async with _signals_to(self._stopping.set):
            try:
                if await self._bring_up(tasks):
                    on_ready()
                    await self._until_stopped(tasks)
            finally:
                on_stop()
                await self._bring_down(tasks)

    async def _bring_up(self, tasks: list[asyncio.Task[None]]) -> bool:
        step = len(self._keepings) if self._at_once else 1
        for first in range(0, len(self._keepings), step):
            if self._stopping.is_set():
                break
            some = self._keepings[first : first + step]
            tasks += [asyncio.create_task(keeping.forever(), name=keeping.part.name) for keeping in some]
            for keeping in some:
                await self._until_stopped(tasks, keeping.ready)
        return not self._stopping.is_set()

    async def _until_stopped(self, tasks: list[asyncio.Task[None]], or_until: asyncio.Event | None = None) -> None:
        events = [self._stopping, *([or_until] if or_until else [])]
        waits = [asyncio.create_task(event.wait()) for event in events]
        try:
            await asyncio.wait((*waits, *tasks), return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()  # it ends only by failing
        finally:
            for wait in waits:
                wait.cancel()

    async def _bring_down(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for keeping in reversed(self._keepings):
            await keeping.stop()


@asynccontextmanager
async def _signals_to(act: Callable[[], None]) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _ended(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
