"""The processes of the engines that `make engines` started: killed, and started again."""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Final

import pytest

from tools.engines import launcher
from tools.engines.engine import EngineError
from tools.engines.home import Home

GONE_POLL_S: Final = 0.05
TRIES: Final = 3
"""Waits for an engine to be up, before the last one."""


class EngineProcess:
    """One that may be killed, because it was started for tests; the test is left out where it is somebody else's."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self._home = name, Home.of_environment()
        if self._home.pid(name) is None or f":{self._home.ports(name)['port']}" not in address:
            pytest.skip(f"engine: {name} is not one that make engines started, which may be killed")

    def port(self, name: str) -> int:
        """One of its ports."""
        return self._home.ports(self.name)[name]

    async def kill(self) -> None:
        """SIGKILL to all of it; it is gone when this returns."""
        self._tell(signal.SIGKILL)
        while self._home.pid(self.name) is not None:  # noqa: ASYNC110 -- another's child
            await asyncio.sleep(GONE_POLL_S)

    async def pause(self) -> None:
        """SIGSTOP to all of it: it takes connections, and says nothing."""
        self._tell(signal.SIGSTOP)

    async def go_on(self) -> None:
        """SIGCONT."""
        self._tell(signal.SIGCONT)

    def _tell(self, number: signal.Signals) -> None:
        pid = self._home.pid(self.name)
        assert pid is not None, f"{self.name} runs"
        os.killpg(pid, number)

    async def start(self) -> None:
        """Start it where it does not run, with what it had; it is ready when this returns, if it takes it a while."""
        for _ in range(TRIES):
            with suppress(EngineError):  # not up yet on a machine that is busy: what runs is left alone, and waited for
                return await asyncio.to_thread(launcher.up, self._home, [self.name], lambda _: None)
        return await asyncio.to_thread(launcher.up, self._home, [self.name], lambda _: None)
