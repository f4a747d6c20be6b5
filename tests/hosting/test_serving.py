"""`tradewind serve` where it is told to listen elsewhere than by default, and others reach it by another address."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp
import pytest
from msgspec import json

from tradewind.adapters.database.privileges import die_with_parent

READY_WITHIN_S: Final = 60.0
PUBLIC: Final = "https://shop.example"


def the_other_loopback() -> str:
    """IPv6's where this machine has it."""
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return "::1"
    return "127.0.0.1"


@pytest.mark.timeout(120)
async def test_options_say_where_it_listens_and_leave_its_public_address_alone(tmp_path: Path) -> None:
    host = the_other_loopback()
    with (tmp_path / "serve.log").open("wb") as log:
        shop = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tradewind.app.cli", "serve", "--host", host, "--port", "0", "--json", "--no-sample",
            env={**os.environ, "TRADEWIND_HOME": str(tmp_path / "home"), "TRADEWIND_PUBLIC_URL": PUBLIC},
            stdout=asyncio.subprocess.PIPE, stderr=log,
            preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),
        )  # fmt: skip
    assert shop.stdout
    async with asyncio.timeout(READY_WITHIN_S):
        url: str = json.decode(await shop.stdout.readline())["url"]
    assert url.rpartition(":")[0] == ("http://[::1]" if ":" in host else f"http://{host}")
    async with aiohttp.ClientSession() as http, http.get(f"{url}/.well-known/openid-configuration") as answer:
        assert (await answer.json())["issuer"] == PUBLIC
    shop.terminate()
    assert await shop.wait() == 0
