"""TLS between processes: who has no certificate of the authority, or none that is good, is not answered."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from tests.builders import a_product
from tests.remote.conftest import Asker, a_token
from tests.shops import Shop
from tradewind.api.grpc.tls import CertificateError, Certificates
from tradewind.app.certificates import AuthorityError, init_authority, issue_certificate
from tradewind.app.engines import EngineError
from tradewind.app.remote import answering_remotely
from tradewind.contracts.proto.tradewind.inventory.v1 import inventory_pb2 as pb

QUERY = pb.StockQuery(sku="BOOK")
GOOD = timedelta(days=1)


@dataclass
class Closed:
    """A shop behind TLS: its port, its authority's folder, a token."""

    port: int
    folder: Path
    token: str

    async def ask(self, certificates: Certificates) -> pb.StockStatus:
        address = f"127.0.0.1:{self.port}"
        async with grpc.aio.secure_channel(address, certificates.of_client()) as channel:
            answer: pb.StockStatus = await Asker(channel, self.token)("QueryStock", QUERY)
            return answer


def certificates(folder: Path, name: str, good_for: timedelta = GOOD) -> Certificates:
    made = issue_certificate(folder, name, [], good_for)
    return Certificates.read(Path(made.certificate), Path(made.key), Path(made.authority))


@pytest_asyncio.fixture
async def closed(shop: Shop, tmp_path: Path) -> AsyncIterator[Closed]:
    await a_product(shop, "BOOK")
    folder = tmp_path / "ca"
    init_authority(folder)
    made = issue_certificate(folder, "inventory", [], GOOD)
    own, key, authority = Path(made.certificate), Path(made.key), Path(made.authority)
    settings = replace(shop.settings, grpc_port=0, grpc_cert=own, grpc_key=key, grpc_ca=authority)
    async with answering_remotely(replace(shop, settings=settings)) as port:
        assert port
        yield Closed(port, folder, a_token(shop))


async def test_who_shows_a_certificate_of_the_authority_is_answered(closed: Closed) -> None:
    assert (await closed.ask(certificates(closed.folder, "orders"))).available == 10


async def test_a_certificate_does_not_stand_for_a_token(closed: Closed) -> None:
    closed.token = "nonsense"
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await closed.ask(certificates(closed.folder, "orders"))
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_who_speaks_no_tls_is_not_answered(closed: Closed) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{closed.port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await Asker(channel, closed.token)("QueryStock", QUERY)
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_of_another_authority_or_an_expired_one_is_refused(closed: Closed, tmp_path: Path) -> None:
    init_authority(tmp_path / "other")
    stranger = replace(certificates(tmp_path / "other", "orders"), authority=(closed.folder / "ca.pem").read_bytes())
    expired = certificates(closed.folder, "orders", timedelta(seconds=-1))
    for one in (stranger, expired):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await closed.ask(one)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_server_of_another_authority_is_not_believed(closed: Closed, tmp_path: Path) -> None:
    init_authority(tmp_path / "other")
    ours = certificates(closed.folder, "orders")
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await closed.ask(replace(ours, authority=(tmp_path / "other" / "ca.pem").read_bytes()))
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


async def is_heard(closed: Closed, version: ssl.TLSVersion, *, certificate: bool = True) -> bool:
    """Whether the server shakes hands and begins to speak HTTP/2."""
    context = ssl.create_default_context(cafile=str(closed.folder / "ca.pem"))
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    if certificate:
        made = issue_certificate(closed.folder, "orders", [], GOOD)
        context.load_cert_chain(made.certificate, made.key)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", closed.port, ssl=context)
    except OSError:
        return False
    try:
        return bool(await reader.read(64))
    except OSError:
        return False
    finally:
        writer.close()


async def test_only_tls_1_3_and_only_with_a_certificate(closed: Closed) -> None:
    assert await is_heard(closed, ssl.TLSVersion.TLSv1_3)
    assert not await is_heard(closed, ssl.TLSVersion.TLSv1_2)
    assert not await is_heard(closed, ssl.TLSVersion.TLSv1_3, certificate=False)


async def test_without_certificates_nobody_but_this_machine_is_served(shop: Shop) -> None:
    settings = replace(shop.settings, grpc_port=0, host="0.0.0.0")
    with pytest.raises(EngineError, match="TRADEWIND_GRPC_CERT"):
        async with answering_remotely(replace(shop, settings=settings)):
            pass


def test_an_authority_is_made_once_and_keys_are_their_owners(tmp_path: Path) -> None:
    with pytest.raises(AuthorityError, match="ca init"):
        issue_certificate(tmp_path / "ca", "orders", [], GOOD)
    made = init_authority(tmp_path / "ca")
    assert Path(made.key).stat().st_mode & 0o777 == 0o600
    with pytest.raises(AuthorityError, match="There is an authority"):
        init_authority(tmp_path / "ca")
    for name in ("ca", "../x", "UPPER", ""):
        with pytest.raises(AuthorityError, match="no name"):
            issue_certificate(tmp_path / "ca", name, [], GOOD)


@pytest.mark.parametrize("name", ["ca-key", "orders-key"])
def test_no_certificate_is_written_over_a_key(tmp_path: Path, name: str) -> None:
    init_authority(tmp_path)
    issue_certificate(tmp_path, "orders", [], GOOD)
    key = tmp_path / f"{name}.pem"
    before = key.read_bytes()
    with pytest.raises(AuthorityError, match="no name"):
        issue_certificate(tmp_path, name, [], GOOD)
    assert key.read_bytes() == before


def test_what_is_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    with pytest.raises(CertificateError, match=r"x\.pem"):
        Certificates.read(*[tmp_path / "x.pem"] * 3)
    with pytest.raises(CertificateError, match=r"gone\.pem"):
        Certificates.read(*[tmp_path / "gone.pem"] * 3)
