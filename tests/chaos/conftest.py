"""A nursery for processes that will be killed, and stands for them to be killed on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.chaos.nursery import Nursery
from tests.chaos.stands import Stand, a_stand
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where parts of shops are forked."""
    started = Nursery(tmp_path_factory.mktemp("nursery"))
    yield started
    started.close()


@pytest_asyncio.fixture
async def stand(
    settings: Settings, shared_engines: Engines, template: Engines, nursery: Nursery, tmp_path: Path
) -> AsyncIterator[Stand]:
    """A shop's database and provider that only this test uses."""
    async with a_stand(settings, shared_engines, template, nursery, tmp_path / "stand") as ready:
        yield ready
