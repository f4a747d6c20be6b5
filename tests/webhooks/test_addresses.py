"""S6: addresses that lead inside, in every spelling; whatever a name resolves to is judged where it is dialled."""

import socket
from typing import Any

import pytest

from tests.partners import partners
from tradewind.contexts.webhooks._delivery.door import Answer, Door, RefusedAddressError
from tradewind.contexts.webhooks._domain.addresses import UnfitUrl, checked_url, may_dial

INSIDE = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.1.2.3",
    "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1",
    "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:db8::1", "2001:10::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "not an address",
)  # fmt: skip
SPELLINGS = (
    "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
    "https://169.254.169.254/latest/meta-data", "https://user:word@partner.example/", "https://partner.example@127.0.0.1/",
    "https://partner.example/#fragment", "http://partner.example/", "ftp://partner.example/", "file:///etc/passwd",
    "gopher://partner.example/", "//partner.example/", "partner.example", "https://", "https:///path", "https://[::1",
    "https://partner.example:99999/", "https://partner.example\\@127.0.0.1/", "https://part ner.example/",
    "https://partner.example/\r\nHost: inside", "https://pärtner.example/", "https://①②⑦.0.0.1/",
    "https://" + "a" * 2_000,
)  # fmt: skip
RESOLVED = ("2130706433", "0x7f000001", "017700000001", "127.1", "localhost", "0", "0x7f.1")
"""Names that no parser calls an address, and that the resolver makes one of."""


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_that_leads_inside_is_dialled(address: str) -> None:
    assert not may_dial(address, ())


@pytest.mark.parametrize("address", ["8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:4700:4700::1111", "2a00::1"])
def test_public_addresses_are_dialled(address: str) -> None:
    assert may_dial(address, ())


def test_what_the_owner_allows_is_dialled_and_nothing_beside_it() -> None:
    assert may_dial("127.0.0.1", ("127.0.0.0/8",))
    assert may_dial("::ffff:127.0.0.1", ("127.0.0.0/8",))
    assert not may_dial("10.0.0.1", ("127.0.0.0/8",))


@pytest.mark.parametrize("url", SPELLINGS)
def test_urls_that_mean_to_mislead_are_refused(url: str) -> None:
    with pytest.raises(UnfitUrl):
        checked_url(url, ())


@pytest.mark.parametrize("host", RESOLVED)
async def test_a_name_that_resolves_to_the_inside_is_not_connected_to(host: str) -> None:
    async with partners() as server:
        door = Door(())
        port = server.url.rsplit(":", 1)[1]
        answer = await door.post(f"http://{host}:{port}/canary", {}, b"{}")
        await door.close()
        assert answer.code is None
        assert server.heard["canary"] == []


async def test_a_name_whose_answer_changes_after_it_was_looked_up_is_judged_by_where_it_leads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with partners() as server:
        door = Door(())
        answers = iter(["8.8.8.8", "127.0.0.1"])
        port = int(server.url.rsplit(":", 1)[1])

        def resolve(host: Any, *_: Any, **__: Any) -> Any:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        assert socket.getaddrinfo("rebinding.example", port)[0][4][0] == "8.8.8.8", "as a check beforehand would see it"
        answer = await door.post(f"http://rebinding.example:{port}/canary", {}, b"{}")
        await door.close()
        assert answer == Answer(None, "address refused")
        assert server.heard["canary"] == []


def test_the_socket_is_refused_for_the_very_address_that_it_is_for() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))
    with pytest.raises(RefusedAddressError):
        Door(())._socket(info)
    Door(("127.0.0.0/8",))._socket(info).close()
