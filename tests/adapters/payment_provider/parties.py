"""Every payment provider that the shop can be given, with a way to look into its books and to hear its notices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from tests.adapters.payment_provider.outside import adyen_server, stripe_server
from tests.adapters.payment_provider.outside.adyen_server import AdyenServer, redirect_result
from tests.adapters.payment_provider.outside.counterpart import Process, Running, outside
from tests.adapters.payment_provider.outside.stripe_server import StripeServer
from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.listening import listening
from tradewind.adapters.payment_provider.adyen.api import adyen_provider
from tradewind.adapters.payment_provider.adyen.notices import AdyenNotices
from tradewind.adapters.payment_provider.client import payment_provider
from tradewind.adapters.payment_provider.journaled.api import Wish
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.adapters.payment_provider.notices import SimulatedNotices
from tradewind.adapters.payment_provider.soap.client import soap_payment_provider
from tradewind.adapters.payment_provider.stripe.api import stripe_provider
from tradewind.adapters.payment_provider.stripe.notices import StripeNotices
from tradewind.adapters.payment_provider.wire import WEBHOOK, Endpoint, Entry
from tradewind.app.paying import GATEWAY
from tradewind.kernel import clock
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Notice, NoticeReader, PaymentProvider

NAMES = ("simulated", "soap", "stripe", "adyen")
SECRETS = {
    "simulated": "a secret between two",
    "soap": "another between two",
    "stripe": "whsec_of_the_stand",
    "adyen": adyen_server.HMAC_KEY,
}
BACK = "http://localhost/back"
PATIENT_S, HASTY_S = 60.0, 0.3


@dataclass
class Party:
    """One provider: `provider` has all the time in the world, `hasty` gives up soon, `other` is another process's."""

    name: str
    process: Process
    provider: PaymentProvider
    hasty: PaymentProvider
    other: PaymentProvider
    reader: NoticeReader
    notices: list[Notice] = field(default_factory=list)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def moved(self, reference: str) -> list[tuple[str, int]]:
        """The money that moved for one order, in the provider's own books."""
        return [(line.operation, line.minor) for line in await self.process.ledger(reference) if line.minor]

    async def held(self, reference: str) -> int:
        """What is held or taken of the buyer's money and was not given back."""
        return sum(_balance(line) for line in await self.process.ledger(reference))

    async def heard_of(self, key: str, times: int = 1) -> Sequence[Notice]:
        """Wait until so many notices about this call were read."""

        def found() -> list[Notice]:
            return [notice for notice in self.notices if notice.key == key]

        async with asyncio.timeout(20), self.heard:
            await self.heard.wait_for(lambda: len(found()) >= times)
        return found()

    async def asked(self, *endings: str) -> None:
        """Wait until a question of this kind has arrived (the simulated provider does not say)."""
        if isinstance(self.process, Running):
            questions = self.process.outside.questions
            await eventually(lambda: questions[-1].endswith(endings))

    async def prove(self, url: str, word: str) -> None:
        """The buyer's browser answers the challenge."""
        async with aiohttp.ClientSession() as http, http.post(url, data={"answer": word}) as response:
            assert response.status == 200, await response.text()

    async def come_back(self, key: str) -> None:
        """The buyer's browser comes back to the shop with whatever the provider gave it."""
        proof = "nothing"
        if isinstance(self.process, Running) and isinstance(stand := self.process.outside, AdyenServer):
            mark = Wish(verb="authorize", key=key, authorization_key=key, amount=Money(1, "EUR")).mark
            proof = next(redirect_result(one) for one in stand.calls.values() if one.reference.endswith(mark))
        await self.reader.keep_proof(key, proof)

    async def take(self, request: web.Request) -> web.Response:
        """A notice arrives at the shop."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        told = await self.reader.read(headers, await request.read(), clock.now())
        async with self.heard:
            self.notices += told
            self.heard.notify_all()
        return web.Response(status=204)


async def eventually(true: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until it is."""
    async with asyncio.timeout(20):
        while not (found if isinstance(found := true(), bool) else await found):  # noqa: ASYNC110 -- others' doing
            await asyncio.sleep(0.02)


def _balance(line: Entry) -> int:
    match line.operation:
        case "authorization":
            return line.minor
        case "capture":
            return 0
        case _:
            return -line.minor


@asynccontextmanager
async def party(name: str, folder: Path, journal: Journal) -> AsyncIterator[Party]:
    """The provider called `name`, running, with clients of it and a door for its notices."""
    async with AsyncExitStack() as stack:
        made = await _made(name, folder, journal, stack)
        app = web.Application()
        app.router.add_post("/hook", made.take)
        url = await stack.enter_async_context(listening(app))
        door = Endpoint(url=f"{url}/hook", secret=SECRETS[name])
        status, _ = await made.process.send("POST", WEBHOOK, msgspec.json.encode(door))
        assert status == 200
        yield made


async def _made(name: str, folder: Path, journal: Journal, stack: AsyncExitStack) -> Party:
    process: Any
    waits = (PATIENT_S, HASTY_S, PATIENT_S)
    if name == "simulated":
        process = await ProviderProcess(folder).start()
        stack.push_async_callback(process.stop)
        clients = [await stack.enter_async_context(payment_provider(process.url, timeout_s=s)) for s in waits]
        return _party(name, process, clients, SimulatedNotices(SECRETS[name]))
    if name == "soap":
        process = await ProviderProcess(folder).start()
        stack.push_async_callback(process.stop)
        process.url += GATEWAY
        url = f"{process.url}/payment"
        soaps = [await stack.enter_async_context(soap_payment_provider(url, timeout_s=s)) for s in waits]
        return _party(name, process, soaps, SimulatedNotices(SECRETS[name]))
    if name == "stripe":
        process = Running(await stack.enter_async_context(outside(folder, StripeServer)))
        stripes = [await stack.enter_async_context(of_stripe(process.url, journal, s)) for s in waits]
        return _party(name, process, stripes, StripeNotices("whsec_older", SECRETS[name]))
    process = Running(await stack.enter_async_context(outside(folder, AdyenServer)))
    adyens = [await stack.enter_async_context(of_adyen(process.url, journal, s)) for s in waits]
    reader = AdyenNotices(journal, adyen_server.ACCOUNT, "00" * 32, SECRETS[name])
    return _party(name, process, adyens, reader)


def _party(name: str, process: Any, clients: Sequence[PaymentProvider], reader: NoticeReader) -> Party:
    patient, hasty, other = clients
    return Party(name, process, patient, hasty, other, reader)


def of_stripe(url: str, journal: Journal, timeout_s: float) -> Any:
    """A client of the Stripe stand at `url`."""
    return stripe_provider(
        journal, secret_key=stripe_server.SECRET_KEY, return_url=BACK, timeout_s=timeout_s, api_base=url
    )


def of_adyen(url: str, journal: Journal, timeout_s: float) -> Any:
    """A client of the Adyen stand at `url`."""
    return adyen_provider(
        journal,
        api_key=adyen_server.API_KEY,
        merchant_account=adyen_server.ACCOUNT,
        return_url=BACK,
        timeout_s=timeout_s,
        api_base=url,
        sweep_every_s=0.1,
    )
