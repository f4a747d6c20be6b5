"""The simulated payment provider as the tests know it: a process that can be killed, and books that can be read."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from tradewind.adapters.payment_provider.wire import Call, Entry, FaultWish, LedgerPage

MODULE = "tradewind.adapters.payment_provider.simulator"


class ProviderProcess:
    """One provider in one folder. Its books outlive it: `start` again goes on with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address_file = folder / "address.json"
        self.url = ""

    async def start(self, port: int = 0) -> "ProviderProcess":
        """Start it and wait until it listens; on any free port where none is named."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", MODULE, "--ledger", str(self.folder / "ledger.db")),
            *("--port", str(port), "--address-file", str(self.address_file)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.url = msgspec.json.decode(await self._process.stdout.readline())["url"]
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it; gives its exit code. Does nothing when it has ended."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self._process.wait()

    async def ledger(self, reference: str) -> list[Entry]:
        """Its lines about one reference."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/v1/ledger/{reference}") as response:
            return msgspec.json.decode(await response.read(), type=LedgerPage).operations

    async def all_pages(self, limit: int) -> list[list[Entry]]:
        """All its lines, page by page."""
        pages: list[list[Entry]] = []
        cursor: int | None = 0
        async with aiohttp.ClientSession() as http:
            while cursor is not None:
                async with http.get(f"{self.url}/v1/ledger?cursor={cursor}&limit={limit}") as response:
                    page = msgspec.json.decode(await response.read(), type=LedgerPage)
                pages.append(page.operations)
                cursor = page.next_cursor
        return pages

    async def strike(self, operation: Call, fault: str, times: int = 1) -> None:
        """Script a fault for the next `times` calls of this kind."""
        wish = FaultWish(operation=operation, fault=fault, times=times)
        status, _ = await self.send("POST", "/v1/faults", msgspec.json.encode(wish))
        assert status == 200

    async def send(self, verb: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """One raw request; gives the status and the decoded answer."""
        async with aiohttp.ClientSession() as http, http.request(verb, self.url + path, data=body) as response:
            text = await response.read()
            return response.status, msgspec.json.decode(text) if text else None
