"""S5: attacks on whoever reads XML. Each is a fault, soon; no file is read, nobody is called, little memory is used.

The gateway's side of it and the client's: an answer is a stranger's document as well.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
import pytest
import pytest_asyncio
from lxml import etree

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.envelopes import PAYMENT, SOAP, envelope, wrapped
from tradewind.adapters.payment_provider.soap.client import soap_payment_provider
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.money import Money

SECRET: Final = "the canary's song"
WITHIN_S: Final = 20.0
"""Far above the second that an answer may take, so that a busy machine decides nothing."""
MORE_RSS_KB: Final = 50 * 1024
WISH: Final = {"amount": "1", "currency": "EUR"}


@dataclass
class Canary:
    """A file that must stay unread, and a listener that must stay uncalled."""

    file: Path
    port: int = 0
    calls: list[object] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the listener would hear of it."""
        return f"http://127.0.0.1:{self.port}/canary"


@pytest_asyncio.fixture(scope="module")
async def canary(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Canary]:
    """Both, watched until the last attack is over."""
    found = Canary(tmp_path_factory.mktemp("canary") / "secret.txt")
    found.file.write_text(SECRET)

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.calls.append(writer.get_extra_info("peername"))
        writer.close()

    async with await asyncio.start_server(called, "127.0.0.1", 0) as server:
        found.port = server.sockets[0].getsockname()[1]
        yield found
        assert found.calls == []


@pytest_asyncio.fixture(scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ProviderProcess]:
    """A gateway that only these tests attack, so that its memory is theirs."""
    running = await ProviderProcess(tmp_path_factory.mktemp("gateway")).start()
    yield running
    assert await running.stop() == 0


def entity(declared: str, use: str = "&x;") -> bytes:
    """An envelope whose order id is an entity."""
    wish = "<p:amount>1</p:amount><p:currency>EUR</p:currency>"
    order = f"<p:ProcessPayment><p:orderId>{use}</p:orderId>{wish}</p:ProcessPayment>"
    return wrapped(order, head=f"<!DOCTYPE a [{declared}]>")


def laughs() -> str:
    """Ten to the ninth power of laughter."""
    return '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def attacks(canary: Canary) -> dict[str, bytes]:
    """Every attack by its name."""
    file, url = canary.file.as_uri(), canary.url
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{file}" parse="text"/>'
    address = "http://www.w3.org/2005/08/addressing"
    reply_to = f'<a:ReplyTo xmlns:a="{address}"><a:Address>{url}</a:Address></a:ReplyTo>'
    schema = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{PAYMENT} {url}"'
    many = " ".join(f'a{n}="b"' for n in range(1_000))
    fault_to = reply_to.replace("ReplyTo", "FaultTo")
    block = f'<b:c xmlns:b="urn:b" xmlns:s="{SOAP}" s:mustUnderstand="1"/>'
    utf_16 = entity(f'<!ENTITY x SYSTEM "{file}">').replace(b"utf-8", b"utf-16").decode().encode("utf-16")
    plain = envelope("ProcessPayment", orderId="o", **WISH)
    return {
        "an external entity of a file": entity(f'<!ENTITY x SYSTEM "{file}">'),
        "an external entity over http": entity(f'<!ENTITY x SYSTEM "{url}">'),
        "a parameter entity of a file": entity(f'<!ENTITY % x SYSTEM "{file}"> %x;', "o"),
        "a parameter entity over http": entity(f'<!ENTITY % x SYSTEM "{url}"> %x;', "o"),
        "a public entity": entity(f'<!ENTITY x PUBLIC "-//X" "{url}">'),
        "a billion laughs": entity(laughs(), "&l9;"),
        "a billion laughs in an attribute": entity(laughs(), '<p:b c="&l9;"/>'),
        "a quadratic blow-up": entity(f'<!ENTITY x "{"a" * 9_000}">', "&x;" * 1_000),
        "an external document type": wrapped("", head=f'<!DOCTYPE a SYSTEM "{url}">'),
        "a public document type": wrapped("", head=f'<!DOCTYPE a PUBLIC "-//X" "{url}">'),
        "an empty document type": wrapped("", head="<!DOCTYPE a>"),
        "a document type in UTF-16": utf_16,
        "a document type in EBCDIC": b'<?xml version="1.0" encoding="cp037"?>' + "<!DOCTYPE a><a/>".encode("cp037"),
        "an XInclude of a file": wrapped(f"<p:ProcessPayment><p:orderId>{include}</p:orderId></p:ProcessPayment>"),
        "an XInclude beside": wrapped(include),
        "a stylesheet": wrapped("", head=f'<?xml-stylesheet href="{url}" type="text/xsl"?>'),
        "an attribute of ten megabytes": wrapped(f'<p:ProcessPayment a="{"x" * 10_000_000}"/>'),
        "a text of ten megabytes": envelope("ProcessPayment", orderId="x" * 10_000_000, **WISH),
        "a name of ten megabytes": wrapped(f"<p:{'x' * 10_000_000}/>"),
        "nesting just below the size": wrapped("<a>" * 2_000 + "</a>" * 2_000),
        "nesting without an end": b"<a>" * 1_000_000,
        "a thousand attributes": wrapped(f"<p:ProcessPayment {many}/>"),
        "a thousand elements": wrapped("<p:a/>" * 1_000),
        "an answer elsewhere": envelope("ProcessPayment", header=reply_to, orderId="o", **WISH),
        "a fault elsewhere": envelope("ProcessPayment", header=fault_to, orderId="o", **WISH),
        "a header that must be understood": envelope("ProcessPayment", header=block, orderId="o", **WISH),
        "a schema to fetch": plain.replace(b"<p:ProcessPayment>", f"<p:ProcessPayment {schema}><p:a/>".encode()),
        "two bodies": plain.replace(b"</s:Envelope>", b"<s:Body/></s:Envelope>"),
        "two operations": wrapped("<p:ProcessPayment/><p:ProcessPayment/>"),
        "SOAP 1.2": plain.replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
        "a parameter twice": plain.replace(b"</p:ProcessPayment>", b"<p:orderId>p</p:orderId></p:ProcessPayment>"),
        "an unfinished envelope": plain[:-20],
        "nothing": b"",
        "zeros": bytes(1_000),
        "JSON": b'{"orderId": "o"}',
    }  # fmt: skip


NAMES: Final = tuple(attacks(Canary(Path("/nowhere"))))


async def attack(url: str, body: bytes) -> tuple[int, bytes]:
    """Post it, and have an answer in time."""
    async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession() as http:
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        async with http.post(url, data=body, headers=headers) as response:
            return response.status, await response.read()


def check_fault(status: int, answer: bytes) -> None:
    """A fault of SOAP 1.1 that blames the client and tells nothing."""
    assert SECRET.encode() not in answer
    fault = etree.fromstring(answer).find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert status == 500
    assert fault is not None
    code = fault.findtext("faultcode") or ""
    assert code.startswith(("soap:Client", "soap:MustUnderstand", "soap:VersionMismatch")), code
    assert len(answer) < 1_000, "a fault repeats nothing of what it was sent"


def memory_kb(pid: int, what: str) -> int:
    """What a process takes, or took at most, by the kernel's own word."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0])


@pytest.mark.parametrize("name", NAMES)
async def test_the_gateway_answers_every_attack_with_a_fault(
    gateway: ProviderProcess, canary: Canary, name: str
) -> None:
    check_fault(*await attack(f"{gateway.url}/soap/payment", attacks(canary)[name]))
    assert canary.calls == []


async def test_all_attacks_at_once_take_little_memory_and_move_nothing(
    gateway: ProviderProcess, canary: Canary
) -> None:
    url = f"{gateway.url}/soap/payment"
    await attack(url, envelope("ProcessPayment", orderId="", **WISH))
    before = memory_kb(gateway.pid, "VmRSS")
    answers = await asyncio.gather(*(attack(url, body) for body in attacks(canary).values() for _ in range(2)))
    for status, answer in answers:
        check_fault(status, answer)
    more = memory_kb(gateway.pid, "VmHWM") - before
    print(f"{len(answers)} attacks at once: at most {more} kB more")
    assert more <= MORE_RSS_KB
    assert canary.calls == []
    async with aiohttp.ClientSession() as http, http.get(f"{gateway.url}/soap/v1/ledger") as response:
        assert (await response.json())["operations"] == []


@asynccontextmanager
async def a_liar(body: bytes) -> AsyncIterator[str]:
    """A gateway that answers everything with `body`; its address."""

    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"Envelope>")
        writer.write(f"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        writer.close()

    async with await asyncio.start_server(lie, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/soap/payment"


@pytest.mark.parametrize("name", NAMES)
async def test_the_client_takes_no_attack_for_an_answer(canary: Canary, name: str) -> None:
    async with a_liar(attacks(canary)[name]) as url, soap_payment_provider(url, timeout_s=WITHIN_S) as provider:
        with pytest.raises(Unavailable) as unknown:
            await provider.authorize(Money(100, "EUR"), "m", "k", "o")
    assert SECRET not in str(unknown.value.facts)
    assert canary.calls == []
