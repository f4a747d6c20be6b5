"""Owners that tests know by the adapter they use."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.adapters.flags.owners import Owner, PlayedUnleash, WithFile, WithUnleash, played_unleash
from tests.engines import address
from tools.engines.flags import ADMIN_TOKEN, CLIENT_TOKEN


@pytest_asyncio.fixture
async def played() -> AsyncIterator[PlayedUnleash]:
    async with played_unleash() as found:
        yield found


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as found:
        yield found


@pytest.fixture
def with_file(tmp_path: Path) -> WithFile:
    return WithFile(tmp_path)


@pytest_asyncio.fixture
async def with_unleash(http: aiohttp.ClientSession) -> AsyncIterator[WithUnleash]:
    found = WithUnleash(http, address("UNLEASH_URL"), CLIENT_TOKEN, ADMIN_TOKEN)
    await found.forget()
    yield found
    await found.forget()


@pytest.fixture(
    params=[
        pytest.param("with_file", marks=pytest.mark.adapter("file")),
        pytest.param("with_unleash", marks=pytest.mark.engine("unleash")),
    ],
    ids=["file", "unleash"],
)
def owner(request: pytest.FixtureRequest) -> Owner:
    found: Owner = request.getfixturevalue(request.param)
    return found
