"""The provider dies, its disk fills up, its client hurries: what was acknowledged stays, once."""

import asyncio
import contextlib
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tradewind.adapters.payment_provider.client import payment_provider
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Answer, Approved, PaymentProvider

EUR_1 = Money(100, "EUR")
WORKERS = 32


@pytest_asyncio.fixture
async def own(tmp_path: Path) -> AsyncIterator[ProviderProcess]:
    """A provider of one's own, to be ended in any way."""
    running = await ProviderProcess(tmp_path).start()
    yield running
    await running.stop()


async def authorize_until_it_fails(
    provider: PaymentProvider, answers: dict[str, Answer], enough: int, reached: asyncio.Event
) -> str:
    """Authorize one thing after the other; gives the key whose outcome is unknown."""
    while True:
        key = str(new_id())
        try:
            answers[key] = await provider.authorize(EUR_1, "simulated:approve", key, key)
        except Unavailable:
            return key
        if len(answers) >= enough:
            reached.set()


@pytest.mark.parametrize("enough", [10, 300, 1_000])
async def test_a_provider_killed_under_load_loses_no_operation_that_it_acknowledged(
    own: ProviderProcess, enough: int
) -> None:
    answers: dict[str, Answer] = {}
    reached = asyncio.Event()
    async with payment_provider(own.url, timeout_s=30) as provider:
        load = [
            asyncio.create_task(authorize_until_it_fails(provider, answers, enough, reached)) for _ in range(WORKERS)
        ]
        await reached.wait()
        await own.stop(signal.SIGKILL)
        unknown = await asyncio.gather(*load)
        with pytest.raises(Unavailable):
            await provider.look_up(unknown[0])
    await own.start()
    async with payment_provider(own.url, timeout_s=30) as provider:
        assert {key: await provider.look_up(key) for key in answers} == answers
        for key in unknown:
            assert isinstance(await provider.authorize(EUR_1, "simulated:approve", key, key), Approved)
    lines = [line for page in await own.all_pages(limit=1_000) for line in page]
    assert sorted(line.key for line in lines) == sorted([*answers, *unknown])


async def test_a_full_disk_is_an_unknown_outcome_that_heals_without_hands(own: ProviderProcess) -> None:
    answers: dict[str, Answer] = {}
    async with payment_provider(own.url, timeout_s=30) as provider:
        unlimited = resource.prlimit(own.pid, resource.RLIMIT_FSIZE, (262_144, resource.RLIM_INFINITY))
        unknown = await authorize_until_it_fails(provider, answers, 1, asyncio.Event())
        with pytest.raises(Unavailable) as refused:
            await provider.authorize(EUR_1, "simulated:approve", unknown, unknown)
        assert refused.value.facts["trouble"] == "status 503"
        assert {key: await provider.look_up(key) for key in answers} == answers
        resource.prlimit(own.pid, resource.RLIMIT_FSIZE, unlimited)
        assert isinstance(await provider.authorize(EUR_1, "simulated:approve", unknown, unknown), Approved)
    assert len([line for page in await own.all_pages(limit=500) for line in page]) == len(answers) + 1


async def test_a_provider_told_to_stop_does_not_wait_for_held_connections(own: ProviderProcess) -> None:
    async with payment_provider(own.url, timeout_s=500) as provider:
        held = asyncio.create_task(provider.authorize(EUR_1, "simulated:timeout-after", "k", "r"))
        while await provider.look_up("k") is None:
            pass
        assert await own.stop() == 0
        with pytest.raises(Unavailable):
            await held


async def test_a_provider_tells_its_address_and_forgets_that_of_the_dead(own: ProviderProcess) -> None:
    assert msgspec.json.decode(own.address_file.read_bytes()) == {"url": own.url, "pid": own.pid}
    await own.stop(signal.SIGKILL)
    await own.start()
    assert msgspec.json.decode(own.address_file.read_bytes()) == {"url": own.url, "pid": own.pid}
    assert [path.name for path in own.folder.glob("address*")] == ["address.json"]


async def test_calls_beyond_the_pool_wait_their_turn(process: ProviderProcess, order: str) -> None:
    async with payment_provider(process.url, timeout_s=60, connections=2) as provider:
        calls = (provider.authorize(EUR_1, "simulated:slow-1", f"{order}/{n}", order) for n in range(100))
        assert all(isinstance(answer, Approved) for answer in await asyncio.gather(*calls))
    assert len(await process.ledger(order)) == 100


async def test_more_calls_than_may_wait_are_refused_at_once(process: ProviderProcess, order: str) -> None:
    async with payment_provider(process.url, timeout_s=60, connections=1) as provider:
        calls = (provider.authorize(EUR_1, "simulated:timeout", f"{order}/{n}", order) for n in range(2_049))
        tasks = [asyncio.create_task(call) for call in calls]
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        assert isinstance(done.pop().exception(), Unavailable)
        for task in waiting:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*waiting)
