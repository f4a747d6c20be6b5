"""Who moves the buyers' money, by the owner's settings."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tradewind.adapters.payment_provider.client import payment_provider
from tradewind.adapters.payment_provider.soap.client import soap_payment_provider
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.payments.manifest import FallbackProvider, StoredRoutes
from tradewind.ports.payment_provider import PaymentProvider
from tradewind.runtime.database import Database

GATEWAY = "/soap"
"""Below it the simulated provider plays the legacy gateway: its SOAP at /soap/payment, its books at /soap/v1/ledger."""


def gateway_url(settings: Settings, engines: Engines) -> str:
    """Where the legacy gateway answers SOAP."""
    return settings.soap_url or f"{engines.provider_url}{GATEWAY}/payment"


def gateway_books(settings: Settings, engines: Engines) -> str | None:
    """Where the legacy gateway tells its ledger; None where payments are never taken to one."""
    if settings.payment_provider != "soap" and settings.provider_url is not None:
        return None
    return gateway_url(settings, engines).removesuffix("/payment")


@asynccontextmanager
async def paying(settings: Settings, engines: Engines, db: Database) -> AsyncIterator[PaymentProvider]:
    """The payment provider, open for as long as the context."""
    timeout_s = settings.provider_timeout_s
    async with AsyncExitStack() as stack:
        rest = await stack.enter_async_context(payment_provider(engines.provider_url, timeout_s=timeout_s))
        if settings.payment_provider == "simulated":
            yield rest
            return
        client = soap_payment_provider(gateway_url(settings, engines), timeout_s=timeout_s)
        yield FallbackProvider(await stack.enter_async_context(client), rest, StoredRoutes(db))
