"""The legacy gateway as strangers use it: by its WSDL, by a bare ProcessPayment, and with garbage."""

import asyncio
from io import BytesIO
from typing import Any

import aiohttp
import pytest
import zeep
from lxml import etree

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.envelopes import envelope
from tradewind.adapters.payment_provider.soap.client import SETTINGS, soap_payment_provider
from tradewind.kernel.errors import Invalid, Unavailable
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import ActionRequired, Approved, NeverAsked

EUR_100 = Money(10_000, "EUR")


@pytest.fixture(scope="session", params=["soap"])
def protocol(request: pytest.FixtureRequest) -> str:
    """Here only the gateway is asked."""
    return str(request.param)


async def post(process: ProviderProcess, body: bytes) -> tuple[int, Any]:
    """One raw envelope; gives the status and the answer's first element."""
    async with aiohttp.ClientSession() as http, http.post(f"{process.url}/payment", data=body) as response:
        return response.status, etree.fromstring(await response.read())[0][0]


def said(answer: Any) -> dict[str, str]:
    return {etree.QName(one).localname: one.text for one in answer}


def a_sale(order: str, amount: str = "29.90") -> bytes:
    return envelope("ProcessPayment", orderId=order, amount=amount, currency="EUR")


async def test_its_wsdl_names_its_own_address_and_a_stock_client_can_use_it(
    process: ProviderProcess, order: str
) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{process.url}/payment?wsdl") as response:
        assert response.headers["content-type"] == "text/xml; charset=utf-8"
        document = await response.read()
    settings: Any = zeep.Settings(**SETTINGS)
    client: Any = zeep.Client(BytesIO(document), settings=settings)  # type: ignore[no-untyped-call]
    answer = await asyncio.to_thread(client.service.ProcessPayment, order, "29.90", "EUR")
    assert (answer.outcome, answer.code) == ("APPROVED", None)
    assert [(line.operation, line.minor) for line in await process.ledger(order)] == [
        ("authorization", 2_990),
        ("capture", 2_990),
    ]


async def test_a_bare_process_payment_takes_the_money_of_an_order_once(process: ProviderProcess, order: str) -> None:
    answers = await asyncio.gather(*(post(process, a_sale(order)) for _ in range(10)))
    assert len({said(answer)["transactionId"] for _, answer in answers}) == 1
    assert [line.operation for line in await process.ledger(order)] == ["authorization", "capture"]
    status, answer = await post(process, a_sale(order, "29.91"))
    assert (status, answer.findtext("faultcode")) == (500, "soap:Client.KeyReused")
    assert len(await process.ledger(order)) == 2


async def test_a_declined_sale_takes_nothing(process: ProviderProcess, order: str) -> None:
    wish = envelope("ProcessPayment", orderId=order, amount="1", currency="EUR", paymentMethod="simulated:decline")
    _, answer = await post(process, wish)
    assert (said(answer)["outcome"], said(answer)["code"]) == ("DECLINED", "insufficient_funds")
    assert [line.minor for line in await process.ledger(order)] == [0]


@pytest.mark.parametrize(
    "given",
    [
        {"amount": "1", "currency": "EUR"},
        {"orderId": "", "amount": "1", "currency": "EUR"},
        {"orderId": "o", "amount": "", "currency": "EUR"},
        {"orderId": "o", "amount": "NaN", "currency": "EUR"},
        {"orderId": "o", "amount": "0.001", "currency": "EUR"},
        {"orderId": "o", "amount": "-1", "currency": "EUR"},
        {"orderId": "o", "amount": "0", "currency": "EUR"},
        {"orderId": "o", "amount": "1", "currency": "eur"},
        {"orderId": "o", "amount": "1", "currency": "EUR", "transactionKey": ""},
        {"orderId": "o", "amount": "1", "currency": "EUR", "discount": "1"},
    ],
)
async def test_a_payment_that_cannot_be_meant_is_a_fault_and_moves_nothing(
    process: ProviderProcess, given: dict[str, str], order: str
) -> None:
    given = {name: order if value == "o" else value for name, value in given.items()}
    status, answer = await post(process, envelope("ProcessPayment", **given))
    assert (status, etree.QName(answer).localname) == (500, "Fault")
    assert answer.findtext("faultcode").startswith("soap:Client")
    assert await process.ledger(order) == []


async def test_an_operation_that_does_not_exist_is_a_fault(process: ProviderProcess) -> None:
    status, answer = await post(process, envelope("TransferEverything", to="me"))
    assert (status, answer.findtext("faultcode")) == (500, "soap:Client.UnknownOperation")


async def test_a_challenge_is_told_over_soap_too(process: ProviderProcess, order: str) -> None:
    async with soap_payment_provider(f"{process.url}/payment", timeout_s=60) as provider:
        answer = await provider.authorize(EUR_100, "simulated:challenge", f"{order}/a", order)
        assert isinstance(answer, ActionRequired)
        async with aiohttp.ClientSession() as http, http.post(answer.url, data=b"answer=confirm") as response:
            assert response.status == 200
        assert isinstance(await provider.look_up(f"{order}/a"), Approved)


async def test_a_gateway_that_is_not_there_was_never_asked(process: ProviderProcess, order: str) -> None:
    nobody = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = nobody.sockets[0].getsockname()[1]
    nobody.close()
    await nobody.wait_closed()
    async with soap_payment_provider(f"http://127.0.0.1:{port}/soap/payment", timeout_s=5) as provider:
        with pytest.raises(NeverAsked):
            await provider.authorize(EUR_100, "simulated:approve", f"{order}/a", order)


LIES = {
    "a document type": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "no XML": b"<html>502 Bad Gateway",
    "another document": b"<a/>",
    "no outcome": envelope("ProcessPaymentResponse"),
    "an outcome that is not in the WSDL": envelope("ProcessPaymentResponse", outcome="PERHAPS"),
    "an approval of nothing": envelope("ProcessPaymentResponse", outcome="APPROVED"),
    "an endless answer": b" " * 16_385,
    "nothing": b"",
    "an empty envelope": b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
}


@pytest.mark.parametrize("status", [200, 202, 500, 302])
@pytest.mark.parametrize("lie", LIES)
async def test_an_answer_that_cannot_be_trusted_is_an_unknown_outcome(lie: str, status: int) -> None:
    async def lying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"Envelope>")
        head = f"HTTP/1.1 {status} Sure\r\nlocation: /\r\nconnection: close\r\ncontent-length: {len(LIES[lie])}\r\n\r\n"
        writer.write(head.encode() + LIES[lie])
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(lying, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with soap_payment_provider(f"http://127.0.0.1:{port}/", timeout_s=30) as provider:
            with pytest.raises(Unavailable) as unknown:
                await provider.authorize(EUR_100, "m", "k", "o")
    assert not isinstance(unknown.value, NeverAsked)


async def test_what_xml_cannot_say_is_refused_before_anybody_is_asked(process: ProviderProcess, order: str) -> None:
    async with soap_payment_provider(f"{process.url}/payment", timeout_s=60) as provider:
        for method in ("card\x01", "card\x0b", "card\ufffe"):
            with pytest.raises(Invalid):
                await provider.authorize(EUR_100, method, f"{order}/a", order)
    assert await process.ledger(order) == []
