"""The shop's edge over gRPC, where a port for it is named."""

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tradewind.api.auth.revocation import SessionCheck
from tradewind.app.engines import EngineError
from tradewind.app.placement import alone
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop
from tradewind.contexts.identity.manifest import session_check
from tradewind.runtime.call import Actor


@asynccontextmanager
async def answering_remotely(shop: Shop) -> AsyncIterator[int | None]:
    """Answer gRPC until the block is left; the port, or None where the owner named none or nothing is asked by it.

    Raises EngineError where the certificates cannot be used, or where it would be open to others without any.
    """
    settings = shop.settings
    modules = [module for one in shop.contexts for module in one.remote]
    if settings.grpc_port is None or not modules:
        yield None
        return
    from tradewind.api.grpc.calls import Door
    from tradewind.api.grpc.methods import declared
    from tradewind.api.grpc.server import serving
    from tradewind.api.grpc.tls import CertificateError, Certificates

    certificates = None
    if settings.grpc_cert and settings.grpc_key and settings.grpc_ca:
        try:
            certificates = Certificates.read(settings.grpc_cert, settings.grpc_key, settings.grpc_ca)
        except CertificateError as error:
            raise EngineError(f"gRPC cannot be served: {error}") from None
    elif not _is_loopback(settings):
        raise EngineError(
            f"gRPC on {settings.host} needs certificates: set TRADEWIND_GRPC_CERT, TRADEWIND_GRPC_KEY and "
            "TRADEWIND_GRPC_CA (`tradewind ca` makes some), or listen on 127.0.0.1."
        )
    door = Door(verify=shop.keys.verifier(), confirm=_confirming(shop), dispatch=shop.dispatch)
    async with serving(declared(modules), door, _address(settings, settings.grpc_port), certificates) as port:
        yield port


def _confirming(shop: Shop) -> Callable[[Actor], Awaitable[None]]:
    sessions = sessions_of(shop)

    async def confirm(actor: Actor) -> None:
        if sessions is not None and sessions.in_doubt(actor):
            await sessions.confirm(actor)

    return confirm


def sessions_of(shop: Shop) -> SessionCheck | None:
    """Who knows whether sessions have ended; nobody where identity is not in this database: there tokens run out."""
    if alone(shop.settings) is not None:
        return None
    return session_check(shop.db, shop.keys.revoked, lambda: shop.tail.fresh, shop.dispatch)


def _address(settings: Settings, port: int) -> str:
    return f"[{settings.host}]:{port}" if ":" in settings.host else f"{settings.host}:{port}"


def _is_loopback(settings: Settings) -> bool:
    try:
        return settings.host == "localhost" or ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        return False
