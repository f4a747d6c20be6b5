"""The simulated provider asks the buyer, and tells the shop by signed notices: early, late, doubled."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.listening import listening
from tradewind.adapters.payment_provider.client import payment_provider
from tradewind.adapters.payment_provider.notices import SIGNATURE, SimulatedNotices
from tradewind.adapters.payment_provider.simulator.faults import Telling
from tradewind.adapters.payment_provider.wire import Endpoint, NoticeBody
from tradewind.adapters.signed_bodies import sign
from tradewind.kernel import clock
from tradewind.kernel.errors import Invalid, Unauthenticated
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import ActionRequired, Approved, Declined, KeyReused, Notice, PaymentProvider

EUR_100 = Money(10_000, "EUR")
SECRET = "a secret between two"
READER = SimulatedNotices("an older secret", SECRET)
BODY = msgspec.json.encode(NoticeBody(id="n1", type="authorization.settled", key="k1"))


class ShopDoor:
    """Where notices arrive; the order of arrival against answers is kept in `heard`."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.notices: list[Notice] = []
        self.refusals: list[int] = []
        self.came = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        if self.refusals:
            return web.Response(status=self.refusals.pop(0))
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        async with self.came:
            self.notices += await READER.read(headers, body, clock.now())
            self.heard.append(msgspec.json.decode(body, type=NoticeBody).type)
            self.came.notify_all()
        return web.Response(status=204)

    async def heard_of(self, key: str, times: int) -> Sequence[Notice]:
        def found() -> list[Notice]:
            return [notice for notice in self.notices if notice.key == key]

        async with asyncio.timeout(20), self.came:
            await self.came.wait_for(lambda: len(found()) >= times)
        return found()


@pytest_asyncio.fixture(scope="module")
async def door(process: ProviderProcess) -> AsyncIterator[ShopDoor]:
    """The shop's door, of which the provider knows."""
    door, app = ShopDoor(), web.Application()
    app.router.add_post("/hook", door.take)
    async with listening(app) as url:
        await process.send("POST", "/v1/webhook", msgspec.json.encode(Endpoint(url=f"{url}/hook", secret=SECRET)))
        yield door


async def challenged(provider: PaymentProvider, order: str, method: str = "tok_3ds_visa") -> ActionRequired:
    answer = await provider.authorize(EUR_100, method, f"{order}/a", order)
    assert isinstance(answer, ActionRequired)
    return answer


async def answer_it(process: ProviderProcess, challenge: ActionRequired, word: str) -> int:
    path = challenge.url.removeprefix(process.url)
    async with (
        aiohttp.ClientSession() as http,
        http.post(process.url + path, data={"answer": word}) as response,
    ):
        await response.read()
        return response.status


async def test_a_challenged_authorization_holds_nothing_until_the_buyer_confirms(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    challenge = await challenged(provider, order)
    assert await provider.look_up(f"{order}/a") == challenge == await challenged(provider, order)
    assert await process.ledger(order) == []
    answer = await provider.capture(f"{order}/a", EUR_100, f"{order}/c")
    assert isinstance(answer, Declined)
    with pytest.raises(KeyReused):
        await provider.authorize(Money(1, "EUR"), "tok_3ds_visa", f"{order}/a", order)
    assert await answer_it(process, challenge, "perhaps") == 400
    for _ in range(2):
        assert await answer_it(process, challenge, "confirm") == 200
    assert isinstance(await provider.look_up(f"{order}/a"), Approved)
    assert [line.minor for line in await process.ledger(order) if line.operation == "authorization"] == [10_000]


async def test_a_challenge_that_is_failed_or_voided_stays_declined_whatever_is_answered_later(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    failed = await challenged(provider, order)
    for word in ("fail", "confirm"):
        assert await answer_it(process, failed, word) == 200
    answer = await provider.look_up(f"{order}/a")
    assert isinstance(answer, Declined)
    assert answer.code == "challenge_failed"
    other = str(new_id())
    voided = await challenged(provider, other)
    assert isinstance(await provider.void(f"{other}/a", f"{other}/v"), Approved)
    for _ in range(2):
        answer = await provider.look_up(f"{other}/a")
        assert isinstance(answer, Declined)
        assert answer.code == "voided"
        assert await answer_it(process, voided, "confirm") == 200
    assert sum(line.minor for line in await process.ledger(other)) == 0


async def test_a_challenge_outlives_its_provider(tmp_path_factory: pytest.TempPathFactory, order: str) -> None:
    own = await ProviderProcess(tmp_path_factory.mktemp("challenged")).start()
    async with payment_provider(own.url, timeout_s=30) as provider:
        first = await challenged(provider, order)
    await own.stop()
    await own.start()
    async with payment_provider(own.url, timeout_s=30) as provider:
        again = await challenged(provider, order)
        assert again.provider_id == first.provider_id
        assert await answer_it(own, again, "confirm") == 200
        assert isinstance(await provider.look_up(f"{order}/a"), Approved)
    await own.stop()


async def test_nobody_finds_a_challenge_that_is_not_there(process: ProviderProcess) -> None:
    assert (await process.send("GET", "/challenges/nothing"))[0] == 404
    assert (await process.send("POST", "/v1/webhook", b'{"url": "ftp://x", "secret": "s"}'))[0] == 400


@pytest.mark.parametrize(
    ("telling", "times"),
    [(Telling.BEFORE, 1), (Telling.AT, 1), (Telling.AFTER, 1), (Telling.DOUBLED, 2), (Telling.PROCESSING, 2)],
)
@pytest.mark.parametrize("kind", ["notice", "challenge"])
async def test_the_shop_is_told_when_the_script_says(
    provider: PaymentProvider, process: ProviderProcess, door: ShopDoor, order: str, telling: Telling, times: int,
    kind: str,
) -> None:  # fmt: skip
    method = f"simulated:{kind}-{telling.value}"
    if kind == "notice":
        assert isinstance(await provider.authorize(EUR_100, method, f"{order}/a", order), Approved)
    else:
        await answer_it(process, await challenged(provider, order, method), "confirm")
    told_by_then = len([notice for notice in door.notices if notice.key == f"{order}/a"])
    notices = await door.heard_of(f"{order}/a", times)
    assert len({notice.notice_id for notice in notices}) == (2 if telling is Telling.PROCESSING else 1)
    if telling in (Telling.BEFORE, Telling.PROCESSING):
        assert told_by_then >= 1


async def test_a_late_notice_comes_after_the_void_and_a_refused_one_comes_again(
    provider: PaymentProvider, door: ShopDoor, order: str
) -> None:
    door.refusals.append(503)
    assert isinstance(await provider.authorize(EUR_100, "simulated:notice-late", f"{order}/a", order), Approved)
    await door.heard_of(f"{order}/a", 1)
    assert isinstance(await provider.void(f"{order}/a", f"{order}/v"), Approved)
    assert len({one.notice_id for one in await door.heard_of(f"{order}/a", 2)}) == 2


@pytest.mark.parametrize(
    "signature",
    ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1=00", "t=²,v1=00", f"t={10**13},v1=00", "t=1,v1=ä",
     sign("s", BODY, clock.now()), sign(SECRET, BODY + b" ", clock.now())],
    ids=range(10),
)  # fmt: skip
async def test_a_forged_signature_is_refused(signature: str) -> None:
    with pytest.raises(Unauthenticated):
        await READER.read({SIGNATURE: signature}, BODY, clock.now())


@pytest.mark.parametrize("seconds", [-301, 301, 100_000])
async def test_a_replayed_notice_is_refused_and_a_rotated_secret_is_not(seconds: int) -> None:
    then = clock.now()
    for secret in ("an older secret", SECRET):
        headers = {SIGNATURE: sign(secret, BODY, then)}
        assert [notice.key for notice in await READER.read(headers, BODY, then + timedelta(seconds=299))] == ["k1"]
        with pytest.raises(Unauthenticated):
            await READER.read(headers, BODY, then + timedelta(seconds=seconds))


@pytest.mark.parametrize("body", [b"", b"{", b'{"id":"n"}', b'{"id":"","type":"t","key":"k"}', b"\xff"])
async def test_a_notice_that_cannot_be_read_is_refused(body: bytes) -> None:
    now = clock.now()
    with pytest.raises(Invalid):
        await READER.read({SIGNATURE: sign(SECRET, body, now)}, body, now)
